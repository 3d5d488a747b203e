"""The folder that a student works in: what is done and what is next, handing in, and newer releases of the course.

=============  ================================================================================
`progress`     what is right, wrong and still to be written, in the order of the course
`state`        remembers the results of checks
`sources`      the source of each exercise, by which an edit since a check is noticed
`imports`      what a file imports, and whether the grader has it
`syntax`       parses Python
`files`        reads and writes files
`deadline`     how much time is left, in words
`widget`       the status of an assignment at the head of its notebooks
`doctor`       whether everything that the course needs is there
`imported`     says when the student's package comes from another folder
`handing_in`   looks through an assignment, and packs it
`updating`     brings a newer release of the course into the folder
=============  ================================================================================
"""
