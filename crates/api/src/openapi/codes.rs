//! Every code that an error can have: the table of `docs/api.md`, and what the operations' failures are described by.

/// A stable code of an error.
#[derive(Debug, Clone, Copy)]
pub struct Code {
    /// The code.
    pub code: &'static str,
    /// Statuses that it comes with; one but for a few.
    pub statuses: &'static [u16],
    /// When it is answered.
    pub meaning: &'static str,
}

const fn code(code: &'static str, statuses: &'static [u16], meaning: &'static str) -> Code {
    Code { code, statuses, meaning }
}

/// All codes, in the order of the alphabet.
pub const CODES: &[Code] = &[
    code("ALREADY_CONFIRMED", &[409], "The data set's file was confirmed and cannot be replaced."),
    code("ARCHIVE_TOO_LARGE", &[409], "The model's files are too large for one ZIP."),
    code("ARTIFACT_NOT_FOUND", &[404], "The model has no such file."),
    code("ATTEMPT_SUPERSEDED", &[409], "The attempt is not the job's present one; its run should be stopped."),
    code("BASE_MODEL_NOT_LOADED", &[409], "The base model's tokenizer is not on the server."),
    code("BUDGET_EXCEEDED", &[402], "The launch would pass the monthly budget; `details` has the figures."),
    code("CANCEL_PENDING", &[503], "The trainer does not answer yet; the job is cancelled as soon as it does."),
    code("CONFIGURATION_NAME_TAKEN", &[409], "The account has a configuration of this name."),
    code("CONFIGURATION_NOT_FOUND", &[404], "There is no such configuration, or it is somebody else's."),
    code("CONFLICT", &[409], "Another request changed the same thing at the same moment; send it again."),
    code("DATASET_DELETED", &[409], "The job's data set was deleted."),
    code("DATASET_FILE_MISSING", &[409], "The data set's file is not in the storage any more."),
    code("DATASET_NOT_FOUND", &[404], "There is no such data set, or it is somebody else's."),
    code("DATASET_NOT_READY", &[409], "The data set cannot be trained on; the message says why."),
    code("DATASET_NOT_VALIDATED", &[409], "The data set is not validated yet, or could not be."),
    code("DATASET_UNREADABLE", &[409], "The data set's file cannot be read as its format."),
    code("EMAIL_TAKEN", &[409], "There is an account with this e-mail address."),
    code("EVENTS_MISSING", &[409], "Events before these were not taken in; `details.expectedSeq` is the next one."),
    code("EXAMPLE_NOT_FOUND", &[404], "The data set has fewer examples than that."),
    code("EXAMPLE_NOT_SHOWN", &[409], "The base model's chat template or tokenizer cannot be used for the example; the message says why."),
    code("EXAMPLE_TOO_FAR", &[409], "The example is too far into a large file to be looked for within a request."),
    code("FILE_SIZE_MISMATCH", &[400, 413], "The file has not the number of bytes that was announced."),
    code("FILE_TOO_LARGE", &[413], "The file has more bytes than the tier, the address or this way of sending allows."),
    code("FORBIDDEN", &[403], "The account's role does not allow it."),
    code("IDEMPOTENCY_KEY_REUSED", &[409], "The same `Idempotency-Key` came with another request."),
    code("INSTANCE_NOT_FOUND", &[404], "There is no such instance type."),
    code("INTERNAL_ERROR", &[500], "A fault of the server; it is in its log under the `x-request-id`."),
    code("INVALID_CREDENTIALS", &[401], "The e-mail address or the password is wrong."),
    code(
        "INVITATION_INVALID",
        &[403],
        "The server takes accounts by invitation, and there is none or it is not good for this address any more.",
    ),
    code("INVITATION_NOT_FOUND", &[404], "There is no such invitation that could still be used."),
    code("JOB_NOT_CANCELLABLE", &[409], "The job has ended."),
    code("JOB_NOT_FOUND", &[404], "There is no such job, or it is somebody else's."),
    code("JOB_NOT_RETRYABLE", &[409], "The job is not in a state from which it can be tried again."),
    code("KEY_NOT_FOUND", &[404], "There is no such API key, or it is somebody else's."),
    code("KEY_READ_ONLY", &[403], "The API key is for requests that change nothing."),
    code("LAST_ADMIN", &[409], "No administrator who can log in would be left."),
    code("MAIL_NOT_CONFIGURED", &[409], "The server sends no links, as its public address is not set."),
    code("METHOD_NOT_ALLOWED", &[405], "The address does not know the method; `Allow` names those it knows."),
    code("METRICS_CLOSED", &[403], "The server's figures are for programs on its own machine, or for those with its token."),
    code("MODEL_DEPLOYED", &[409], "The model is deployed; take it down first."),
    code("MODEL_NOT_FOUND", &[404], "There is no such model, or it is somebody else's."),
    code("NOTIFICATION_NOT_FOUND", &[404], "There is no such notification, or it is somebody else's."),
    code("NOT_FOUND", &[404], "There is nothing at this address."),
    code("NO_BASE_MODEL", &[409], "The server has no base model to count tokens with."),
    code("OBJECT_NOT_FOUND", &[404], "There is no object under this key."),
    code("ORIGIN_MISMATCH", &[403], "A request with the session cookie that changes something came from another site."),
    code("OUT_OF_MEMORY", &[400], "The run needs more memory than the machine has; `details` has the figures, the message what would fit."),
    code("PARENT_GONE", &[400], "The data set that this one was made from is gone."),
    code("PAYLOAD_TOO_LARGE", &[413], "The body is longer than 1 MB."),
    code("RANGE_NOT_SATISFIABLE", &[416], "`Range` asks for bytes that the object does not have."),
    code("RATE_LIMITED", &[429], "Too many requests; `Retry-After` says how many seconds to wait."),
    code("REQUEST_IN_PROGRESS", &[409], "The same request with the same `Idempotency-Key` is being answered."),
    code("SERVICE_UNAVAILABLE", &[503], "Something that the server needs does not answer now; `Retry-After` says when to try again."),
    code("SESSION_NOT_FOUND", &[404], "There is no such session, or it is somebody else's or over."),
    code("SESSION_REQUIRED", &[403], "The operation is not for API keys; log in."),
    code("SIGNATURE_EXPIRED", &[401], "The request was signed more than 5 minutes from now."),
    code("SIGNATURE_INVALID", &[401], "The request is not signed with the key of its attempt."),
    code("SIGNUP_CLOSED", &[403], "The server takes no more accounts."),
    code("STORAGE_QUOTA_EXCEEDED", &[413], "The file does not fit into what is left of the account's storage."),
    code("TOKEN_INVALID", &[403], "The link was used already or is too old."),
    code("TOO_MANY_CONFIGURATIONS", &[409], "The account keeps as many configurations as it may."),
    code("TOO_MANY_KEYS", &[409], "The account has as many API keys as it may."),
    code("TOO_MANY_LINKS", &[409], "The account has several links of this kind that still work."),
    code("TOO_MANY_WEBHOOKS", &[409], "The account has as many webhooks as it may."),
    code("UNAUTHORIZED", &[401], "There is no session, or it is over."),
    code("UNSUPPORTED_MEDIA_TYPE", &[415], "The body is not `application/json`."),
    code("UPLOAD_INCOMPLETE", &[409], "The file has not arrived whole; `details` has the figures."),
    code("URL_EXPIRED", &[403], "The signed address has ended; ask for a new one."),
    code("URL_INVALID", &[403], "The signed address was altered; ask for a new one."),
    code("USER_NOT_FOUND", &[404], "There is no such account, or the caller may not know of it."),
    code("VALIDATION_ERROR", &[400], "The input cannot be accepted; `field` names what is at fault."),
    code("WEBHOOK_NOT_FOUND", &[404], "There is no such webhook, or it is somebody else's."),
    code("WRONG_PASSWORD", &[403], "The password that confirms the request is wrong."),
];

/// The row of a code.
pub fn find(code: &str) -> Option<&'static Code> {
    CODES.iter().find(|row| row.code == code)
}
