"""What to retry, when, and whether it is safe: the decisions of a dialect for tenacity.

>>> import tenacity, parlance.tenacity
>>> @tenacity.retry(**parlance.tenacity.rules(attempts=4))
... def charge(): ...

The function sends a request by a client with parlance.httpx.Transport or
parlance.requests.Adapter. It returns the response, or raises by parlance.raise_for_outcome.
"""

from __future__ import annotations

import typing

import tenacity

from . import Decision, reading

__all__ = ["Rules", "rules"]


class Rules(typing.TypedDict):
    """The arguments of tenacity.retry, so that a type checker knows the function that it wraps."""

    retry: typing.Callable[[tenacity.RetryCallState], bool]
    wait: typing.Any  # a function of the state; the types of tenacity 8 say that it returns a bool
    stop: tenacity.stop_after_attempt
    before_sleep: typing.Callable[[tenacity.RetryCallState], None]
    retry_error_callback: typing.Callable[[tenacity.RetryCallState], typing.Any]


def rules(*, attempts: int = 4, longest: float = 60, refresh: typing.Optional[typing.Callable[[], typing.Any]] = None) -> Rules:
    """The arguments of tenacity.retry and tenacity.Retrying for what the provider says.

    A request is sent again only if its decision says so and the retry is safe, and after the
    wait that the response or the provider's page asks for. A wait above longest, in seconds, is
    left to the caller, who gets the response or the error at once. refresh gets a new credential
    and is called once, where the decision is to refresh. After the last attempt the caller gets
    the last response, or the last error.
    """

    def again(state: tenacity.RetryCallState) -> bool:
        decision = _decision(state)
        if decision is None or not decision.retry_safe:
            return False
        if decision.act == "refresh":
            return refresh is not None and not getattr(state, "parlance_refreshed", False)
        return decision.act == "retry" and decision.wait(state.attempt_number, lambda: 0) <= longest

    def wait(state: tenacity.RetryCallState) -> float:
        decision = _decision(state)
        return min(decision.wait(state.attempt_number), longest) if decision else 0

    def before(state: tenacity.RetryCallState) -> None:
        decision = _decision(state)
        if decision and decision.act == "refresh" and refresh:
            setattr(state, "parlance_refreshed", True)
            refresh()

    return {
        "retry": again,
        "wait": wait,
        "stop": tenacity.stop_after_attempt(attempts),
        "before_sleep": before,
        "retry_error_callback": lambda state: state.outcome.result() if state.outcome else None,
    }


def _decision(state: tenacity.RetryCallState) -> typing.Optional[Decision]:
    outcome = state.outcome
    if outcome is None:
        return None
    read = reading(outcome.exception() if outcome.failed else outcome.result())
    return read.decision if read else None
