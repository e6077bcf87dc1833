/**
 * Talking to the server: JSON both ways, problems as errors with a sentence for people.
 *
 * Whatever goes wrong, the caller gets a Problem: the server's own problem document (SPEC GEN-4), or one of ours when the
 * server could not be reached. Nothing is retried here; who asked decides.
 */
import type { FieldError } from '../api/types.ts';

export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly errors: FieldError[] = [],
    readonly requestId = '',
    /** The whole answer, for problems that carry more (CHANGED, DUPLICATES). */
    readonly body: Record<string, unknown> = {},
  ) {
    super(message);
    this.name = 'Problem';
  }

  /** No answer came: the command may or may not have reached the server. */
  get unreachable(): boolean {
    return this.status === 0;
  }

  /** Field → sentence; several faults of one field are joined. */
  get fields(): Record<string, string> {
    const out: Record<string, string> = {};
    for (const e of this.errors) out[e.field] = out[e.field] ? `${out[e.field]} ${e.message}` : e.message;
    return out;
  }
}

/** problemOf reads an answer that is not 2xx. A proxy's HTML page becomes a plain sentence, never shown as it is. */
export function problemOf(status: number, body: unknown): Problem {
  const p = (body && typeof body === 'object' ? body : {}) as Record<string, unknown>;
  const text = (k: string): string => (typeof p[k] === 'string' ? (p[k] as string) : '');
  const errors = Array.isArray(p.errors)
    ? p.errors
        .filter((e): e is Record<string, unknown> => !!e && typeof e === 'object')
        .map((e) => ({ field: String(e.field ?? ''), code: String(e.code ?? ''), message: String(e.message ?? '') }))
    : [];
  const message = text('message') || text('detail') || fallback(status);
  return new Problem(status, text('code') || `HTTP_${status}`, message, errors, text('requestId'), p);
}

function fallback(status: number): string {
  if (status === 401) return 'You are signed out. Sign in again.';
  if (status === 403) return 'You are not allowed to do this.';
  if (status === 404) return 'This no longer exists.';
  if (status === 429) return 'Too many tries. Wait a little and try again.';
  if (status >= 500) return 'The server had a fault. Nothing was changed; try again.';
  return 'The server refused this.';
}

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

export interface Client {
  get<T>(path: string): Promise<T>;
  post<T>(path: string, body?: unknown): Promise<T>;
  put<T>(path: string, body: unknown): Promise<T>;
  del<T>(path: string): Promise<T>;
  /** Called when an answer says that the session has ended. */
  onSignedOut: (() => void) | null;
}

/** A client on fetch; both arguments exist for tests. */
export function client(fetcher: typeof fetch = (...a) => fetch(...a), timeoutMs = 30_000): Client {
  async function call<T>(method: Method, path: string, body?: unknown): Promise<T> {
    let answer: Response;
    try {
      answer = await fetcher(path, {
        method,
        credentials: 'same-origin',
        cache: 'no-store',
        headers: method === 'GET' ? { Accept: 'application/json' } : { Accept: 'application/json', 'Content-Type': 'application/json' },
        body: method === 'GET' ? undefined : JSON.stringify(body ?? {}),
        signal: AbortSignal.timeout(timeoutMs),
      });
    } catch (e) {
      const late = e instanceof DOMException && e.name === 'TimeoutError';
      throw new Problem(
        0,
        late ? 'TIMEOUT' : 'UNREACHABLE',
        late
          ? 'The server did not answer in time. What you typed is kept; try again.'
          : 'The server cannot be reached. What you typed is kept; try again.',
      );
    }
    if (answer.status === 204) return undefined as T;
    const parsed: unknown = await answer.json().catch(() => null);
    if (answer.ok) return parsed as T;
    const problem = problemOf(answer.status, parsed);
    if (answer.status === 401 && !path.startsWith('/api/v1/session')) self.onSignedOut?.();
    throw problem;
  }
  const self: Client = {
    get: (p) => call('GET', p),
    post: (p, b) => call('POST', p, b),
    put: (p, b) => call('PUT', p, b),
    del: (p) => call('DELETE', p),
    onSignedOut: null,
  };
  return self;
}

/** sentence is what to show for any error. */
export function sentence(e: unknown): string {
  return e instanceof Problem ? e.message : 'Something went wrong in this page. Reload it; what was saved is kept.';
}

/** The one client of a page. */
export const api = client();
