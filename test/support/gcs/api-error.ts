interface ErrorDetails {
  readonly domain?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Answered as it is in place of JSON, as the upload and download servers do. */
  readonly plainText?: boolean;
}

/** An answer of the service that is no success. */
export class ApiError extends Error {
  readonly status: number;
  readonly reason: string;
  readonly details: ErrorDetails;

  constructor(status: number, reason: string, message: string, details: ErrorDetails = {}) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.reason = reason;
    this.details = details;
  }
}

export function invalid(message: string): ApiError {
  return new ApiError(400, 'invalid', message);
}

export function required(message: string): ApiError {
  return new ApiError(400, 'required', message);
}

export function notFound(message: string): ApiError {
  return new ApiError(404, 'notFound', message);
}

/** The service has it, this server does not: told loudly, so that no test relies on a guess. */
export function notImplemented(what: string): ApiError {
  return new ApiError(400, 'notImplemented', `This server does not implement ${what}.`);
}

export function conditionNotMet(): ApiError {
  const message = 'At least one of the pre-conditions you specified did not hold.';
  return new ApiError(412, 'conditionNotMet', message);
}

export function notModified(): ApiError {
  return new ApiError(304, 'notModified', '');
}

/** The documented body of an error that a fault asks for. */
export function documentedError(status: number, retryAfter?: number): ApiError {
  const headers = retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) };
  const [reason, message, domain = 'global'] = documented[status] ?? ['unknown', 'Unknown Error'];
  return new ApiError(status, reason, message, { headers, domain });
}

const documented: Readonly<Record<number, readonly [string, string, string?]>> = {
  400: ['invalid', 'Bad Request'],
  401: ['authError', 'Invalid Credentials'],
  403: ['forbidden', 'Forbidden'],
  404: ['notFound', 'Not Found'],
  408: ['requestTimeout', 'Request Timeout'],
  409: ['conflict', 'Conflict'],
  410: ['gone', 'Gone'],
  412: ['conditionNotMet', 'Precondition Failed'],
  429: ['rateLimitExceeded', 'The rate limit is exceeded. Please retry later.', 'usageLimits'],
  500: ['backendError', 'We encountered an internal error. Please try again.'],
  502: ['backendError', 'Bad Gateway'],
  503: ['backendError', 'Backend Error'],
  504: ['gatewayTimeout', 'Gateway Timeout'],
};

export function errorBody(error: ApiError): Record<string, unknown> {
  const { status, reason, message, details } = error;
  return {
    error: {
      code: status,
      message,
      errors: [{ message, domain: details.domain ?? 'global', reason }],
    },
  };
}
