/**
 * What `client.doctor()` answers: one line for each part of the way of a message. It holds no secret, so it can be
 * pasted into a question.
 * @module
 */

export type CheckName =
  | "database"
  | "keys"
  | "clock"
  | "connection"
  | "history"
  | "subscription"
  | "quota"
  | "conversations"
  | "messages";

/** `unknown`: there was nothing to judge by. */
export type CheckState = "ok" | "warning" | "failed" | "unknown";

export type Check = {
  readonly name: CheckName;
  readonly state: CheckState;
  /** What was seen. */
  readonly detail: string;
  /** What to do about it. */
  readonly remedy?: string;
};

export type DoctorReport = {
  readonly checks: readonly Check[];
  /** Whether nothing has failed. */
  readonly isHealthy: boolean;
};
