"""What can go wrong with a document, in words for the person who asked for it."""

from common.errors import Conflict, InvalidInput, NotFound, ServiceError, Unavailable


class PlanMissing(NotFound):
    code = "pdf.plan_not_found"
    title = "No such plan"
    next_steps = "Look the plan up in GET /api/v1/plans."


class DocumentMissing(NotFound):
    code = "pdf.document_not_found"
    title = "No such document"
    next_steps = "Look the document up in GET /api/v1/pdf/documents, or ask for a new one of the plan."


class NotReady(Conflict):
    code = "pdf.not_ready"
    title = "The document is not ready"
    next_steps = (
        "GET /api/v1/pdf/documents/{id} tells how far it is. A failed one is tried again by asking for it anew."
    )
    retryable = True


class TakesLonger(Unavailable):
    code = "pdf.takes_longer"
    title = "The document takes longer"
    next_steps = "It goes on in the background. Ask again in a moment, or look at GET /api/v1/pdf/documents."


class TooMuch(InvalidInput):
    code = "pdf.too_large"
    title = "The plan is too large for one document"
    next_steps = "Shorten descriptions and steps, or split the plan into several."


class RenderingFailed(ServiceError):
    code = "pdf.failed"
    title = "The document could not be made"
    next_steps = "Ask for it again. If it keeps failing, give the request id to the operator."
