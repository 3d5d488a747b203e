"""Bringing a newer release of the course into the folder that a student works in.

=============  ================================================================================
`update`       the whole way: an update, its undoing, and a release that was unpacked over work
`release`      reads a release (an archive, a folder) and the inventory of the one that lies here
`download`     fetches an archive from an address
`plan`         decides for each file what an update makes of it, and what to say about it
`merge`        merges two changed versions of a list of named pieces
`functions`    divides Python files into functions and other pieces, and merges two versions
`words`        merges two versions of a function of which one has other words only
`notebooks`    divides notebooks into cells, and merges two versions
`backup`       writes the files so that a killed update can be finished, and an update undone
`kept`         keeps a copy of the student's files, by which such a release is noticed
`notebook`     does so in a notebook, from its first cell on
`report`       says what an update has done
=============  ================================================================================
"""
