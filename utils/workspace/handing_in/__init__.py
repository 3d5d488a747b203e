"""Handing in an assignment.

=============  ================================================================================
`handin`       chooses the files
`preflight`    looks through an assignment before it is packed
`receipt`      the archive with its manifest, and what was packed, for the student to keep
=============  ================================================================================
"""
