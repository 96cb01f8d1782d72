"""What can go wrong with channels, keys and logins."""

from footfall.errors import TerminalError, TransientError


class ControlError(TerminalError):
    """Something about a channel, a key or a login has to be changed by hand."""


class UnknownChannelError(ControlError):
    """There is no channel of this name."""


class ChannelExistsError(ControlError):
    """There is already a channel of this name."""


class InvalidNameError(ControlError):
    """A channel cannot be called this."""


class InvalidOriginError(ControlError):
    """This is not the origin of a web page."""


class InvalidProfileError(ControlError):
    """There is no such profile."""


class InvalidRateError(ControlError):
    """A rate or burst is below zero or not a number."""


class UnknownKeyError(ControlError):
    """There is no key of this id."""


class UnknownUserError(ControlError):
    """There is no dashboard login of this name."""


class UserExistsError(ControlError):
    """There is already a dashboard login of this name."""


class InvalidLoginError(ControlError):
    """A dashboard login cannot be called this."""


class InvalidPasswordError(ControlError):
    """The password is too short or too long."""


class NewerSchemaError(ControlError):
    """The control database was written by a newer footfall."""


class DamagedControlError(ControlError):
    """The control database cannot be used: it is damaged, something else, or not ours to write."""


class ControlBusyError(TransientError):
    """The control database is held by another writer, or the disk refused the write."""
