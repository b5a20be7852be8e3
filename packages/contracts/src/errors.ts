import { type CatalogueEntry, ERROR_CATALOGUE, type ErrorCode, type ErrorType } from './error-catalogue.js';

/** The details of one case: what stands for the `{name}`s of the message, and further parts of the answer. */
export interface ApiErrorDetails {
  /** The parameter at fault. */
  param?: string;
  /** The whole message, where it was made before; else it is made from the catalogue. */
  message?: string;
  /** What stands for `{name}` in the message. */
  values?: Readonly<Record<string, string | number>>;
  /** Replaces the catalogue's status, where a document asks for another one. */
  status?: number;
  headers?: Readonly<Record<string, string>>;
  cause?: unknown;
}

/** An error that the client is told about. Its text is made from the catalogue. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly type: ErrorType;
  readonly param: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly #details: ApiErrorDetails;

  constructor(
    readonly code: ErrorCode,
    details: ApiErrorDetails = {},
  ) {
    const values = { ...(details.param ? { param: details.param } : {}), ...details.values };
    super(details.message ?? errorMessage(code, values), { cause: details.cause });
    this.#details = details;
    const entry: CatalogueEntry = ERROR_CATALOGUE[code];
    this.status = details.status ?? entry.status;
    this.type = entry.type;
    this.param = details.param ?? null;
    this.headers = details.headers ?? {};
  }

  /** The same error under another status. */
  withStatus(status: number): ApiError {
    return new ApiError(this.code, { ...this.#details, status });
  }

  /** The same error with more headers. */
  withHeaders(headers: Readonly<Record<string, string>>): ApiError {
    return new ApiError(this.code, { ...this.#details, headers: { ...this.headers, ...headers } });
  }

  /** The body of the answer; all four keys are always there. */
  toBody(): { error: { message: string; type: ErrorType; param: string | null; code: ErrorCode } } {
    return { error: { message: this.message, type: this.type, param: this.param, code: this.code } };
  }
}

/** Whether a text is a code of the catalogue. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERROR_CATALOGUE, text);
}

/** The catalogue's message of a code, with the `{name}`s filled in. */
export function errorMessage(code: ErrorCode, values: Readonly<Record<string, string | number>> = {}): string {
  return ERROR_CATALOGUE[code].message
    .replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole))
    .trim();
}
