"""The trusted half: it draws cases, compares a submission's answers with the reference's, and keeps the score."""
