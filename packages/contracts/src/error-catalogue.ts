/** The error types of OpenAI's API that this API uses, and one for the upstream's faults. */
export const ERROR_TYPES = [
  'invalid_request_error',
  'authentication_error',
  'rate_limit_error',
  'insufficient_quota',
  'server_error',
  'upstream_error',
] as const;
export type ErrorType = (typeof ERROR_TYPES)[number];

/** What the catalogue says of an error. */
export interface CatalogueEntry {
  status: number;
  type: ErrorType;
  /** `{name}` stands for a detail of the single case. */
  message: string;
  /** What the client can do about it, for the documentation. */
  hint: string;
}

/**
 * Every error of the HTTP API: code, status and text. Nothing answers with an error that is not here.
 */
export const ERROR_CATALOGUE = {
  invalid_json: {
    status: 400,
    type: 'invalid_request_error',
    message: 'The request body is not valid JSON: {reason}.',
    hint: 'Send a JSON object and the header Content-Type: application/json.',
  },
  json_not_accepted: {
    status: 400,
    type: 'invalid_request_error',
    message: 'The JSON body is not accepted: {reason}.',
    hint: 'Send plain data: no hundred levels of nesting, no million values, no keys of prototypes.',
  },
  malformed_request: {
    status: 400,
    type: 'invalid_request_error',
    message: 'The request is malformed: {reason}.',
    hint: 'Send a request as HTTP wants it.',
  },
  missing_required_parameter: {
    status: 400,
    type: 'invalid_request_error',
    message: "Missing required parameter: '{param}'.",
    hint: 'Add the parameter.',
  },
  invalid_type: {
    status: 400,
    type: 'invalid_request_error',
    message: "Invalid type for '{param}': expected {expected}.",
    hint: 'Send a value of the type that is named.',
  },
  invalid_value: {
    status: 400,
    type: 'invalid_request_error',
    message: "Invalid value for '{param}': {value}. {allowed}",
    hint: 'Send one of the values that are allowed.',
  },
  empty_prompt: {
    status: 400,
    type: 'invalid_request_error',
    message: 'Prompt cannot be empty',
    hint: 'Say what is to be made.',
  },
  prompt_too_long: {
    status: 400,
    type: 'invalid_request_error',
    message: 'The prompt has {length} characters; at most {max} are allowed.',
    hint: 'Shorten the prompt.',
  },
  model_not_found: {
    status: 404,
    type: 'invalid_request_error',
    message: 'The model `{model}` does not exist or you do not have access to it.',
    hint: 'Use one of the known models.',
  },
  model_not_supported: {
    status: 400,
    type: 'invalid_request_error',
    message: 'The model `{model}` cannot be used here: it makes {kind}. {allowed}',
    hint: 'Use a model of the kind that the route makes.',
  },
  invalid_image_url: {
    status: 400,
    type: 'invalid_request_error',
    message: "Invalid '{param}': {reason}.",
    hint: 'Use a public http(s) address, a data URL or the URL of an upload to this server.',
  },
  invalid_size: {
    status: 400,
    type: 'invalid_request_error',
    message: "Invalid '{param}': {value} is no size of an image.",
    hint: 'Write WIDTHxHEIGHT in pixels, such as 1024x1024, or auto.',
  },
  mask_not_supported: {
    status: 400,
    type: 'invalid_request_error',
    message: "The upstream edits whole images: 'mask' is not supported.",
    hint: 'Say in the prompt what is to be changed, and send no mask.',
  },
  invalid_callback_url: {
    status: 400,
    type: 'invalid_request_error',
    message: "Invalid 'callback_url': {reason}.",
    hint: 'Use a public http(s) address.',
  },
  invalid_image: {
    status: 400,
    type: 'invalid_request_error',
    message: 'The file is no picture that can be used: {reason}.',
    hint: 'Send a PNG, JPEG or WebP picture.',
  },
  missing_file: {
    status: 400,
    type: 'invalid_request_error',
    message: "No file was sent in the field '{param}'.",
    hint: 'Send the file as multipart/form-data in the field that is named.',
  },
  file_too_large: {
    status: 400,
    type: 'invalid_request_error',
    message: 'The file is larger than {max_mb} MB.',
    hint: 'Send a smaller file.',
  },
  too_many_files: {
    status: 400,
    type: 'invalid_request_error',
    message: 'More files were sent than are taken at once, which is {max}.',
    hint: 'Send fewer files.',
  },
  invalid_multipart: {
    status: 400,
    type: 'invalid_request_error',
    message: 'The multipart body cannot be read: {reason}.',
    hint: 'Send multipart/form-data with a boundary and few fields.',
  },
  invalid_csv: {
    status: 400,
    type: 'invalid_request_error',
    message: 'The body is not valid CSV: {reason}.',
    hint: 'Name the columns in the first line, `secret` among them.',
  },
  host_not_allowed: {
    status: 403,
    type: 'invalid_request_error',
    message: 'Without API keys this server answers only requests for a loopback host, not `{host}`.',
    hint: 'Set API_KEYS, or ALLOW_OPEN=true.',
  },
  origin_not_allowed: {
    status: 403,
    type: 'invalid_request_error',
    message: 'Without API keys this server answers only pages of a loopback origin, not of `{origin}`.',
    hint: 'Set API_KEYS, or add the origin to CORS_ORIGINS.',
  },
  not_same_origin: {
    status: 403,
    type: 'invalid_request_error',
    message: 'The console is signed in to and out of from its own pages only.',
    hint: 'Open /console of this server itself.',
  },
  invalid_api_key: {
    status: 401,
    type: 'authentication_error',
    message: '{reason}',
    hint: 'Send Authorization: Bearer KEY with a key of this server.',
  },
  route_not_found: {
    status: 404,
    type: 'invalid_request_error',
    message: 'There is no route {method} {path}.',
    hint: 'See the documentation for the routes.',
  },
  method_not_allowed: {
    status: 405,
    type: 'invalid_request_error',
    message: 'The method {method} is not allowed for {path}. Allowed: {allowed}.',
    hint: 'Use a method of the header Allow.',
  },
  task_not_found: {
    status: 404,
    type: 'invalid_request_error',
    message: 'The task does not exist.',
    hint: 'Check the task id; tasks are kept for some days only.',
  },
  credential_not_found: {
    status: 404,
    type: 'invalid_request_error',
    message: 'The credential does not exist.',
    hint: 'List the credentials for their ids.',
  },
  callback_not_found: {
    status: 404,
    type: 'invalid_request_error',
    message: 'The callback does not exist.',
    hint: 'List the callbacks for their ids. They are kept for a while after they were delivered or given up.',
  },
  client_key_not_found: {
    status: 404,
    type: 'invalid_request_error',
    message: 'The client key does not exist.',
    hint: 'List the client keys for their ids.',
  },
  duplicate_credential: {
    status: 409,
    type: 'invalid_request_error',
    message: 'The secret is there already, as the credential {id}.',
    hint: 'Change that credential.',
  },
  idempotency_not_supported: {
    status: 400,
    type: 'invalid_request_error',
    message: 'Idempotency-Key is not supported here: no reply that tells of a secret is kept.',
    hint: 'Leave the header out; a secret that is sent twice is found to be a duplicate.',
  },
  file_not_found: {
    status: 404,
    type: 'invalid_request_error',
    message: 'The file does not exist or is no longer kept.',
    hint: 'Files are kept for a day.',
  },
  range_not_satisfiable: {
    status: 416,
    type: 'invalid_request_error',
    message: 'The range is outside of the file.',
    hint: 'Ask for bytes within the length in Content-Range.',
  },
  task_already_finished: {
    status: 409,
    type: 'invalid_request_error',
    message: 'The task is {state} already and cannot be cancelled.',
    hint: 'Delete the task to be rid of its result.',
  },
  task_cancelled: {
    status: 409,
    type: 'invalid_request_error',
    message: 'The task was cancelled.',
    hint: 'Somebody with your key cancelled or deleted it.',
  },
  task_not_failed: {
    status: 409,
    type: 'invalid_request_error',
    message: 'The task is {state}; only a failed one can be tried again.',
    hint: 'Make a new task.',
  },
  task_not_finished: {
    status: 409,
    type: 'invalid_request_error',
    message: 'The task is not finished yet.',
    hint: 'Ask again later, or watch the stream of the task.',
  },
  invalid_idempotency_key: {
    status: 400,
    type: 'invalid_request_error',
    message: 'The header Idempotency-Key must have 1 to {max} printable ASCII characters.',
    hint: 'Send a random text, such as a UUID.',
  },
  idempotency_key_reused: {
    status: 422,
    type: 'invalid_request_error',
    message: 'This Idempotency-Key was used for another request already.',
    hint: 'Use a new key for each request; a key means its request for 24 hours.',
  },
  idempotency_in_progress: {
    status: 409,
    type: 'invalid_request_error',
    message: 'The request with this Idempotency-Key is still being worked on.',
    hint: 'Send it again after the seconds of Retry-After.',
  },
  idempotency_outcome_unknown: {
    status: 409,
    type: 'invalid_request_error',
    message:
      'The request with this Idempotency-Key was begun, but its reply was lost; it is not done again, so that nothing is billed twice.',
    hint: 'Use a new key if you accept that the first request may be billed.',
  },
  request_too_large: {
    status: 413,
    type: 'invalid_request_error',
    message: 'The request body is larger than {max_mb} MB.',
    hint: 'Send less.',
  },
  request_timeout: {
    status: 408,
    type: 'invalid_request_error',
    message: 'The request did not arrive in time.',
    hint: 'Send it again over a better connection.',
  },
  headers_too_large: {
    status: 431,
    type: 'invalid_request_error',
    message: 'The headers of the request are too large.',
    hint: 'Send fewer or shorter headers.',
  },
  unsupported_media_type: {
    status: 415,
    type: 'invalid_request_error',
    message: 'The content type {type} is not supported here; send {expected}.',
    hint: 'Set the header Content-Type.',
  },
  too_many_pending_tasks: {
    status: 429,
    type: 'rate_limit_error',
    message: 'This key has {max} unfinished tasks already, the most that are allowed.',
    hint: 'Wait until some have finished.',
  },
  rate_limit_exceeded: {
    status: 429,
    type: 'rate_limit_error',
    message: 'No available tokens. Please try again later.',
    hint: 'Wait for the seconds of Retry-After.',
  },
  insufficient_quota: {
    status: 429,
    type: 'insufficient_quota',
    message: 'You exceeded your current quota, please check your plan and billing details.',
    hint: "The key's budget for this month is used up: ask who gave you the key.",
  },
  internal_error: {
    status: 500,
    type: 'server_error',
    message: 'The server had an error while processing your request.',
    hint: 'Report the x-request-id.',
  },
  upstream_error: {
    status: 502,
    type: 'upstream_error',
    message: 'The upstream failed: {reason}.',
    hint: 'Try again, unless x-should-retry says false.',
  },
  upstream_timeout: {
    status: 504,
    type: 'upstream_error',
    message: 'The upstream did not answer in time.',
    hint: 'Try again later.',
  },
  service_unavailable: {
    status: 503,
    type: 'server_error',
    message: 'The service is not available at the moment. Please try again later.',
    hint: 'Wait for the seconds of Retry-After.',
  },
  content_policy_violation: {
    status: 400,
    type: 'invalid_request_error',
    message: 'The request was rejected by the content policy: {reason}.',
    hint: 'Change the prompt or the picture.',
  },
  image_fetch_failed: {
    status: 400,
    type: 'invalid_request_error',
    message: 'The picture could not be fetched: {reason}.',
    hint: 'Check that the address is public and serves a PNG, JPEG or WebP picture.',
  },
  submit_outcome_unknown: {
    status: 502,
    type: 'upstream_error',
    message:
      'The upstream was asked to make this, but its answer was lost; it is not asked again, so that nothing is billed twice.',
    hint: 'Make a new task if you accept that the first one may be billed.',
  },
  upstream_rejected: {
    status: 400,
    type: 'invalid_request_error',
    message: 'The upstream refused the request: {reason}.',
    hint: 'Change the request.',
  },
  result_unavailable: {
    status: 502,
    type: 'upstream_error',
    message: 'The upstream made the result, but it could not be fetched: {reason}.',
    hint: 'Make a new task.',
  },
  task_timeout: {
    status: 504,
    type: 'upstream_error',
    message: 'The upstream did not finish within {seconds} seconds.',
    hint: 'Make a new task.',
  },
  worker_lost: {
    status: 500,
    type: 'server_error',
    message: 'The workers that took this task up died {times} times without getting on with it.',
    hint: 'Make a new task with another picture or prompt.',
  },
  queue_timeout: {
    status: 504,
    type: 'server_error',
    message: 'The task waited for more than {seconds} seconds without being begun.',
    hint: 'Make a new task.',
  },
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof ERROR_CATALOGUE;
