"""What can go wrong in the suite itself. A verdict about a cloud is never an exception, but a `Result`."""


class ConformanceError(Exception):
    """The suite cannot do what it was asked. The message says what to do about it."""


class ToolMissing(ConformanceError):
    """A tool is not there; its cases are *not run*."""


class CloudError(ConformanceError):
    """The cloud could not be started or did not answer as an OpenStack cloud."""


class ScenarioError(ConformanceError):
    """A scenario folder does not say what it must."""


class RatchetError(ConformanceError):
    """A list of expected verdicts contradicts itself or names an unknown test."""
