"""Fixtures and assertions for tests against iamd."""

from .assertions import assert_allowed, assert_denied
from .server import ApplyError, Server

__all__ = ["ApplyError", "Server", "assert_allowed", "assert_denied"]
