"""Virtual MFA devices: their seeds, which of their codes are good, and that each is good once.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_enable_virtual.html
"""

import hmac
from datetime import datetime
from io import BytesIO
from typing import Any

import segno
from moto.core.responses import ActionResult, EmptyResult
from moto.iam.models import VirtualMfaDevice
from moto.iam.responses import IamResponse

from runbook_lib.machine import totp

DRIFT = 1  # a device's clock may be off by so many steps


class Device(VirtualMfaDevice):
    """moto's device, with a seed that nobody can guess and the codes that follow from it."""

    def __init__(self, account_id: str, region_name: str, path_and_name: str) -> None:
        super().__init__(account_id, region_name, path_and_name)
        self.arn = self.serial_number
        self.base32_string_seed = totp.new_seed()
        self.qr_code_png = _picture(self.arn, self.base32_string_seed)
        self.tags: list[dict[str, str]] = []
        self._last_step = 0  # neither its code nor one before it is good any more

    def take(self, *codes: str, now: datetime) -> bool:
        """Tell whether these codes follow each other, the last being this moment's; use them up."""
        present = totp.step_at(now)
        for last in range(present - DRIFT, present + DRIFT + 1):
            steps = range(last - len(codes) + 1, last + 1)
            good = "".join(totp.code(self.base32_string_seed, step) for step in steps)
            same = hmac.compare_digest(good.encode(), "".join(codes).encode())
            if same and steps[0] > self._last_step:
                self._last_step = last
                return True
        return False


class DeviceActions(IamResponse):
    """What moto does not do with devices: tags."""

    params: dict[str, Any]

    def create_virtual_mfa_device(self) -> ActionResult:
        result: Any = super().create_virtual_mfa_device()
        result.result["VirtualMFADevice"].tags = self.params.get("Tags", [])
        return ActionResult(result.result)

    def tag_mfa_device(self) -> ActionResult:
        device, new = self._device(), {tag["Key"]: tag for tag in self.params["Tags"]}
        device.tags = [*({tag["Key"]: tag for tag in device.tags} | new).values()]
        return EmptyResult()

    def untag_mfa_device(self) -> ActionResult:
        device = self._device()
        device.tags = [tag for tag in device.tags if tag["Key"] not in self.params["TagKeys"]]
        return EmptyResult()

    def list_mfa_device_tags(self) -> ActionResult:
        return ActionResult({"Tags": self._device().tags, "IsTruncated": False})

    def _device(self) -> Any:
        return self.backend.virtual_mfa_devices[self.params["SerialNumber"]]


def _picture(arn: str, seed: str) -> bytes:
    """Return the QR code that an authenticator app reads, as PNG."""
    account_id, name = arn.split(":")[4], arn.rpartition("/")[2]
    link = f"otpauth://totp/Amazon%20Web%20Services:{name}@{account_id}?secret={seed}"
    picture = BytesIO()
    segno.make(f"{link}&issuer=Amazon%20Web%20Services", micro=False).save(picture, "png", scale=4)
    return picture.getvalue()
