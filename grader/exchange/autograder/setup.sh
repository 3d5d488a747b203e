#!/usr/bin/env bash
# Prepare an image for grading. Gradescope runs this once, as root, while it builds the image.
# An image that has Python and the packages in requirements.txt already sets GRADER_PYTHON to that Python.
set -euo pipefail
cd /autograder/source

# Submissions run as another user, who must read neither the reference nor the grader.
chmod -R go= .

usable() {
    command -v "$1" > /dev/null && "$1" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2> /dev/null
}

find_python() {
    for candidate in "python$(cat python-version)" python3.13 python3.12 python3.11 python3; do
        if usable "$candidate"; then
            echo "$candidate"
            return
        fi
    done
}

python=${GRADER_PYTHON:-}
if [ -z "$python" ]; then
    found=$(find_python)
    if [ -z "$found" ]; then
        apt-get update
        apt-get install --yes python3.11 python3.11-venv || apt-get install --yes python3 python3-venv
        found=$(find_python)
    fi
    if [ -z "$found" ]; then
        echo "This image has no Python from 3.11 up; choose a newer base image on the page Configure Autograder." >&2
        exit 1
    fi
    # Not below /root, which the user of submissions may not enter.
    "$found" -m venv /opt/grader
    /opt/grader/bin/python -m pip install --no-cache-dir --requirement requirements.txt
    python=/opt/grader/bin/python
fi
umask 077
echo "$python" > python

if [ -f course-setup.sh ]; then
    PATH="$(dirname "$python"):$PATH" PYTHONPATH=/autograder/source/engine bash course-setup.sh
fi

# Say in the build log which sandbox holds here. Every submission is refused where none does.
export PYTHONPATH=/autograder/source/engine
held=
for sandbox in $(cat sandboxes); do
    if "$python" -m grader.cli doctor --sandbox "$sandbox" --course course; then
        held=$sandbox
        break
    fi
done
if [ -z "$held" ]; then
    echo "No sandbox has passed every test where this image was built; see above. Where none passes, nothing is graded."
fi
chmod -R go= .
