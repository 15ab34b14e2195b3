/**
 * Words of the SDK and their numbers in the daemon's interface.
 * @module
 */
import type { DeliveryStatus, HealthStatus, SendOptions, Standing } from "@chat/sdk";
import { DaemonError } from "../errors.ts";
import { Connection } from "../gen/chat/daemon/v1/account_pb.ts";
import { Standing as WireStanding } from "../gen/chat/daemon/v1/conversation_pb.ts";
import { Priority, Status } from "../gen/chat/daemon/v1/message_pb.ts";

const STATUSES: Record<DeliveryStatus | "received", Status> = {
  queued: Status.QUEUED,
  sent: Status.SENT,
  delivered: Status.DELIVERED,
  read: Status.READ,
  failed: Status.FAILED,
  cancelled: Status.CANCELLED,
  dropped: Status.DROPPED,
  received: Status.RECEIVED,
};
const STANDINGS: Record<Standing, WireStanding> = {
  request: WireStanding.REQUEST,
  open: WireStanding.OPEN,
  blocked: WireStanding.BLOCKED,
};
const CONNECTIONS: Record<HealthStatus, Connection> = {
  connected: Connection.CONNECTED,
  minimal: Connection.MINIMAL,
  disconnected: Connection.DISCONNECTED,
};

export function statusToWire(status: DeliveryStatus | "received"): Status {
  return STATUSES[status];
}

/** @throws {@link DaemonError} `INVALID_OPTION` */
export function statusFromWire(status: Status): DeliveryStatus | "received" {
  for (const [name, number] of Object.entries(STATUSES)) {
    if (number === status) return name as keyof typeof STATUSES;
  }
  throw new DaemonError("INVALID_OPTION", `status: want one that this daemon knows, got ${status}`);
}

export function standingToWire(standing: Standing): WireStanding {
  return STANDINGS[standing];
}

export function connectionToWire(health: HealthStatus): Connection {
  return CONNECTIONS[health];
}

/** @throws {@link DaemonError} `INVALID_OPTION` */
export function priorityFromWire(priority: Priority): Pick<SendOptions, "priority"> {
  switch (priority) {
    case Priority.UNSPECIFIED:
      return {};
    case Priority.CRITICAL:
      return { priority: "critical" };
    case Priority.NORMAL:
      return { priority: "normal" };
    case Priority.OPTIONAL:
      return { priority: "optional" };
    default:
      throw new DaemonError("INVALID_OPTION", `priority: want one that this daemon knows, got ${String(priority)}`);
  }
}
