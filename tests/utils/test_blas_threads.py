"""One BLAS thread while ours work, and afterwards as many as before."""

from __future__ import annotations

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from utils._blas_threads import one_blas_thread


def blas_threads():
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


@pytest.fixture(autouse=True)
def two_threads():
    with threadpool_limits(2, user_api="blas"):
        if blas_threads() != {2}:
            pytest.skip("this BLAS does not let itself be set to two threads")
        yield


def test_is_there_one_blas_thread_within_and_the_old_number_after():
    with one_blas_thread():
        assert blas_threads() == {1}
    assert blas_threads() == {2}


def test_is_the_old_number_back_after_users_that_overlap():
    first, second = one_blas_thread(), one_blas_thread()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert blas_threads() == {1}
    second.__exit__(None, None, None)
    assert blas_threads() == {2}


def test_is_the_old_number_back_after_an_error():
    with pytest.raises(ZeroDivisionError), one_blas_thread():
        1 / 0  # noqa: B018
    assert blas_threads() == {2}
