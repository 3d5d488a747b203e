"""Read what learning management systems give, and write what they take: submissions in; grades and feedback out.

=======================  ===============================================================================
`collecting`             decides which attempt of which student counts, and writes ``submitted/``
`downloads`              opens a download, and finds out which system it is from
`canvas`, `moodle`,      list the attempts in a system's download
`gradescope`,
`nbgrader_exchange`,
`repositories`
`packing`, `storing`     make one archive of an attempt, and put it in place of an older one
`roster`, `times`        say who is in the class, and when something was handed in
`record`                 remembers which attempt of each student counts, with all names of the student
`exporting`              writes grades and feedback for a system
`grades`,                make the tables and the zips of pages that systems read
`feedback_zips`
`autograder_bundle`      writes an autograder for Gradescope; `autograder_run` and `autograder_results`
                         are what runs there
=======================  ===============================================================================
"""
