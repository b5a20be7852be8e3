import type { Credential } from '@grok2api/contracts';
import type { GrokUpstream } from '../../src/index.js';

/** What an upstream may do, in words that do not depend on its protocol. */
export type Situation =
  | 'accepts' // creates of videos become the job `job-1`
  | 'pending' // the job is at 37 %
  | 'done' // the video is at https://videos.example/1.mp4
  | 'job moderated' // the job ends so
  | 'job failed'
  | 'job unknown'
  | 'answers' // chats with "Hello there", streamed as two steps; 3 tokens asked, 2 reasoned and 2 said
  | 'answers nothing' // successfully
  | 'answer breaks' // a stream is cut after "Hello"
  | 'answer stops' // a stream says nothing more after "Hello"
  | 'answer fails' // a stream tells after "Hello" that it is rate limited
  | 'draws' // two images, both with the bytes 255, 216, 255
  | 'draws one' // and refuses the other for its content
  | 'draws none' // because it refuses them for their content
  | 'draws nothing' // though it says that it did
  | 'moderated' // calls are refused for their content
  | 'bad request'
  | 'model unknown'
  | 'rate limited' // for three seconds
  | 'wrong key'
  | 'not permitted'
  | 'no credits'
  | 'broken' // says that it could not do it
  | 'overloaded proxy' // a proxy does not know what became of the call
  | 'answer cut'
  | 'answer unreadable'
  | 'silent'
  | 'key good'
  | 'key blocked'
  | 'models'; // chat-1 (alias chat), image-1, video-1

/** A driver and an upstream that can be put into each situation. */
export interface Stage {
  /** Gives up a call that has a time of its own after at most some seconds. */
  upstream: GrokUpstream;
  credential: Credential;
  /** The same, but nothing listens at its base URL. */
  unreachable: Credential;
  play(situation: Situation): void;
  /** How many calls have arrived. */
  callCount(): number;
  /** Waits for the first call to arrive; its `closed` ends when the upstream sees that its caller has left. */
  firstCall(): Promise<{ closed: Promise<void> }>;
  stop(): Promise<void>;
}

/** How creates of every kind fail: situation, fault, outcome, whether it may have been submitted. */
export const FAILED_CREATES = [
  ['moderated', 'moderated', 'not_counted', 'no'],
  ['bad request', 'bad_request', 'not_counted', 'no'],
  ['rate limited', 'rate_limited', 'rate_limited', 'no'],
  ['wrong key', 'credential_dead', 'dead', 'no'],
  ['not permitted', 'not_permitted', 'not_permitted', 'no'],
  ['no credits', 'no_credits', 'no_credits', 'no'],
  ['broken', 'transient', 'fault', 'no'],
  ['overloaded proxy', 'transient', 'fault', 'unknown'],
  ['answer cut', 'transient', 'fault', 'unknown'],
  ['answer unreadable', 'transient', 'fault', 'unknown'],
  ['silent', 'transient', 'fault', 'unknown'],
] as const;
