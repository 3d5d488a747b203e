"""The autograder: draws cases, runs submissions in a sandbox, compares, explains and keeps the score."""
