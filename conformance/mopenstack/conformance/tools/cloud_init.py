"""cloud-init: the system's package, which is on no index of Python's, unpacked beside an environment of its own."""

import os
import shutil
import tempfile
from pathlib import Path

from mopenstack.conformance.errors import ConformanceError
from mopenstack.conformance.process import clean_environment, run
from mopenstack.conformance.tools.python_tools import PythonTool

PACKAGE = "cloud-init"


class CloudInit(PythonTool):
    """What guests read their metadata with. Nothing of it is installed in the system."""

    name: str = PACKAGE
    description: str = "the data sources of guests"
    executable: str = "python"
    distribution: str = "jsonpatch"

    @property
    def modules(self) -> Path:
        """The folder that its modules are imported from."""
        return self.environment / "package" / "usr" / "lib" / "python3" / "dist-packages"

    def _version(self, wanted: str = "") -> str:
        """The package's, which is the system's choice; empty before it is there."""
        if wanted:
            return super()._version(wanted)
        return next((path.stem.partition("-")[2] for path in self.modules.glob("cloud_init-*.egg-info")), "")

    def _prepare(self, pip: Path) -> None:
        apt, unpack = shutil.which("apt-get"), shutil.which("dpkg-deb")
        if apt is None or unpack is None:
            raise ConformanceError(f"{PACKAGE} is a package of Debian and its like: apt-get or dpkg-deb is not on PATH")
        environment = clean_environment(DEBIAN_FRONTEND="noninteractive")
        if os.geteuid() == 0:
            run([apt, "update"], env=environment, what="apt-get update")
        with tempfile.TemporaryDirectory() as scratch:
            run([apt, "download", PACKAGE], env=environment, cwd=Path(scratch), what=f"getting the package {PACKAGE}")
            (package,) = Path(scratch).glob("*.deb")
            run([unpack, "--extract", str(package), str(self.environment / "package")], what=f"unpacking {PACKAGE}")
