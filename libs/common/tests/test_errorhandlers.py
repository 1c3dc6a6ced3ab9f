from fastapi.exceptions import RequestValidationError

from common.errorhandlers import to_service_error


def refused(count: int) -> RequestValidationError:
    return RequestValidationError(
        [{"type": "missing", "loc": ("body", "steps", number), "msg": "Field required"} for number in range(count)]
    )


def test_a_body_with_thousands_of_errors_gets_an_answer_one_can_read() -> None:
    error = to_service_error(refused(5000))
    assert error.errors is not None
    assert len(error.errors) == 50
    assert "first 50 of 5000" in error.detail


def test_a_few_errors_are_all_named() -> None:
    error = to_service_error(refused(3))
    assert [each.pointer for each in error.errors or []] == [f"/body/steps/{number}" for number in range(3)]
    assert "first" not in error.detail
