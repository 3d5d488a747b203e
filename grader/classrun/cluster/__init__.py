"""Grade a class on more than one machine, with dask.distributed.

`connection` reaches a cluster, `runner` hands tasks to its workers, `admission` examines each worker before it gets
one, `identity` is what two machines have to have in common, and `worker` and `grading_process` run on the workers.
"""
