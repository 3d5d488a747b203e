"""The folder that a student works in: what is done and what is next, handing in, and newer releases of the course.

=============  ================================================================================
`progress`     what is right, wrong and still to be written, in the order of the course
`state`        remembers the results of checks
`sources`      the source of each exercise, by which an edit since a check is noticed
`deadline`     how much time is left, in words
`widget`       the status of an assignment at the head of its notebooks
`doctor`       whether everything that the course needs is there
`preflight`    looks through an assignment before it is packed
`imports`      what a file imports, and whether the grader has it
`handin`       makes the archive to hand in
`receipt`      what was packed, for the student to keep
`release`      reads a release (an archive, a folder) and the inventory of the one that lies here
`download`     fetches an archive from an address
`merge`        merges two changed versions of a list of named pieces
`functions`    divides Python files into functions and other pieces, and merges two versions
`words`        merges two versions of a function of which one has other words only
`syntax`       parses Python
`notebooks`    divides notebooks into cells, and merges two versions
`plan`         decides for each file what an update makes of it, and what to say about it
`backup`       writes the files so that a killed update can be finished, and an update undone
`update`       the whole way: an update, its undoing, and a release that was unpacked over work
`kept`         keeps a copy of the student's files, by which such a release is noticed
`notebook`     does so in a notebook, from its first cell on
`report`       says what an update has done
`imported`     says when the student's package comes from another folder
=============  ================================================================================
"""
