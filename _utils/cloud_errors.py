"""The one exception of the cloud drivers' helpers."""


class CloudError(Exception):
    """Something a user can put right; the text says what, where and what was expected."""
