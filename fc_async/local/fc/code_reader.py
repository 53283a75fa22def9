"""The code that CreateFunction and UpdateFunction name: a zip in the body, or one that was put into the bucket."""

from __future__ import annotations

import asyncio
from pathlib import Path

from ..catalog.fc_errors import wrong_value
from ..catalog.function import Code
from ..workers.uploaded_code import UploadedCode
from .checksum import code_checksum
from .code_package import decode_zip, unpack
from .temp_bucket import TempBucket


class CodeReader:
    """Reads it.

    Args:
        bucket: the packages that a deploy tool has put.
        uploaded: keeps each package as it came.
    """

    def __init__(self, bucket: TempBucket, uploaded: UploadedCode) -> None:
        self._bucket = bucket
        self._uploaded = uploaded

    async def read(self, code: object, folder: Path) -> Code | None:
        """Unpack what a body names into a folder; return what the catalog needs of it, None where there is none.

        Raises:
            FcError: 400 InvalidArgument, 501 NotImplemented for another bucket.
        """
        if code is None:
            return None
        if not isinstance(code, dict):
            raise wrong_value("code", code, "an object")
        if code.get("zipFile") is None and code.get("ossBucketName") is not None:
            archive = await self._bucket.package(code["ossBucketName"], code.get("ossObjectName"))
        else:
            archive = decode_zip(code.get("zipFile"))
        checksum = code.get("checksum")
        code.clear()  # the base64 text is as large as the zip again
        return await self.unpacked(archive, folder, checksum)

    async def unpacked(self, archive: bytes, folder: Path, expected: object = None) -> Code:
        """Unpack a zip into a folder; raises FcError 400, also where its checksum is not the expected one."""
        found = await asyncio.to_thread(code_checksum, archive)
        if expected is not None and str(expected) != found:
            raise wrong_value("code.checksum", expected, f"{found}, the CRC-64 of the package")
        await asyncio.to_thread(unpack, archive, folder)
        await asyncio.to_thread(self._uploaded.keep_package, folder, archive)
        return Code(folder, zip_bytes=len(archive), checksum=found)
