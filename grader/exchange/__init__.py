"""Read what learning management systems give, and write what they take: submissions in; grades and feedback out.

=====================  =================================================================================
`collecting`           decides which attempt of which student counts, and writes ``submitted/``
`downloads`            opens a download, and finds out which system it is from
`canvas`, `moodle`,    list the attempts in a system's download
`gradescope`,
`nbgrader_exchange`,
`repositories`
`roster`, `times`      say who is in the class, and when something was handed in
`record`               remembers which attempt of each student counts, with the names that systems know it by
=====================  =================================================================================
"""
