"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from .errors import LoyaltyError


@contextmanager
def whole_file(path: Path, *, is_overwriting: bool = False) -> Iterator[BinaryIO]:
    """Yield a file that is found under *path* only when the block has ended well.

    It is written beside its place and can be read by its owner alone; a killed program leaves
    ``.NAME.*.partial`` behind and *path* as it was.

    Args:
        path: Where the file shall be.
        is_overwriting: A file that is there may be replaced.

    Raises:
        LoyaltyError: there is a file already, or it cannot be written.
    """
    _check_free(path, is_overwriting=is_overwriting)
    try:
        descriptor, partial = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".partial")
        try:
            with open(descriptor, "wb") as file:
                yield file
                file.flush()
                os.fsync(descriptor)
            _check_free(path, is_overwriting=is_overwriting)
            os.replace(partial, path)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(partial)
            raise
        _sync_folder(path.parent)
    except OSError as error:
        what = f"file cannot be written: {error.strerror or error}"
        raise LoyaltyError(what, at=str(path), hint="name another place, or make room") from error


def _check_free(path: Path, *, is_overwriting: bool) -> None:
    if not os.path.lexists(path):
        return
    if not path.is_file():
        raise LoyaltyError(f"no place for a file: {str(path)!r}", hint="name a file")
    if not is_overwriting:
        raise LoyaltyError(f"file exists already: {str(path)!r}", hint="name another, or say --overwrite")


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
