"""What a call may do."""

# What services call a denial.
DENIALS = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "Client.UnauthorizedOperation", "403"}


def assert_allowed(call, *arguments, **parameters):
    """Calls, and returns the answer. Fails if the call is denied; any other error is the call's own."""
    __tracebackhide__ = True
    try:
        return call(*arguments, **parameters)
    except Exception as error:
        code, message = what(error)
        if code in DENIALS:
            raise AssertionError(f"the call is denied: {message}") from None
        raise


def assert_denied(call, *arguments, because=None, **parameters):
    """Calls, and returns the sentence of denial. Fails if the call is allowed, or `because` is not in the sentence."""
    __tracebackhide__ = True
    try:
        answer = call(*arguments, **parameters)
    except Exception as error:
        code, message = what(error)
        if code not in DENIALS:
            raise
        if because is not None and because not in message:
            raise AssertionError(f"the call is denied, but not because of {because!r}: {message}") from None
        return message
    raise AssertionError(f"the call is allowed, and answers {answer!r}")


def what(error):
    """Code and message of an error of botocore's."""
    described = getattr(error, "response", {}).get("Error", {})
    return described.get("Code"), described.get("Message", str(error))
