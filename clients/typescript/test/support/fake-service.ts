/** A service that answers as a test wants it to. */
import { create, type DescMessage, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import { anyPack, durationFromMs } from "@bufbuild/protobuf/wkt";
import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerWritableStream,
} from "@grpc/grpc-js";

import { ErrorInfoSchema, RetryInfoSchema } from "../../src/gen/google/rpc/error_details_pb.js";
import { type Status, StatusSchema } from "../../src/gen/google/rpc/status_pb.js";
import {
  type BatchRequest,
  BatchRequestSchema,
  type BatchResponse,
  BatchResponseSchema,
} from "../../src/gen/statekeeper/v1/batch_pb.js";
import {
  type GetLockRequest,
  GetLockRequestSchema,
  type GetLockResponse,
  GetLockResponseSchema,
} from "../../src/gen/statekeeper/v1/lock_pb.js";
import {
  type Operation,
  type OperationResult,
  OperationResultSchema,
} from "../../src/gen/statekeeper/v1/operation_pb.js";
import {
  type WatchRequest,
  WatchRequestSchema,
  type WatchResponse,
  WatchResponseSchema,
} from "../../src/gen/statekeeper/v1/watch_pb.js";

export type FakePipeline = ServerDuplexStream<BatchRequest, BatchResponse>;
export type FakeWatch = ServerWritableStream<WatchRequest, WatchResponse>;

/** How a unary call fails. */
export interface FakeFailure {
  code: number;
  details: string;
  metadata?: Metadata;
}

/** What the service does; a test replaces what it is about. */
export interface Behaviour {
  /** Takes a stream of batches. */
  pipeline(stream: FakePipeline): void;
  /** Answers GetLock, which is always a call of its own: nobody holds it, or a failure. */
  getLock(request: GetLockRequest, metadata: Metadata): FakeFailure | undefined;
  /** Takes a watch. */
  watch(stream: FakeWatch): void;
}

/** Such a service, on a port of its own. */
export class FakeService {
  readonly behaviour: Behaviour = {
    pipeline: (stream) => {
      stream.on("data", (batch: BatchRequest) => {
        stream.write(create(BatchResponseSchema, { results: batch.operations.map(saved) }));
      });
      stream.on("end", () => {
        stream.end();
      });
    },
    getLock: () => undefined,
    watch: () => undefined,
  };
  #server = new Server();
  #port = 0;

  private constructor() {
    this.#addMethods();
  }

  static async start(): Promise<FakeService> {
    const service = new FakeService();
    await service.#listen();
    return service;
  }

  get target(): string {
    return `127.0.0.1:${String(this.#port)}`;
  }

  /** Breaks all connections, and listens no more. */
  stop(): void {
    this.#server.forceShutdown();
  }

  /** Listens again, on the same port. */
  async startAgain(): Promise<void> {
    this.#server = new Server();
    this.#addMethods();
    await this.#listen();
  }

  #listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      const address = `127.0.0.1:${String(this.#port)}`;
      this.#server.bindAsync(address, ServerCredentials.createInsecure(), (error, port) => {
        if (error !== null) reject(error);
        this.#port = port;
        resolve();
      });
    });
  }

  #addMethods(): void {
    const { behaviour } = this;
    this.#server.addService(
      {
        pipeline: method("Pipeline", true, true, BatchRequestSchema, BatchResponseSchema),
        getLock: method("GetLock", false, false, GetLockRequestSchema, GetLockResponseSchema),
        watch: method("Watch", false, true, WatchRequestSchema, WatchResponseSchema),
      },
      {
        pipeline: (stream: FakePipeline) => {
          stream.on("error", () => undefined);
          behaviour.pipeline(stream);
        },
        getLock: (
          call: { request: GetLockRequest; metadata: Metadata },
          answer: (failure: FakeFailure | null, response?: GetLockResponse) => void,
        ) => {
          const failure = behaviour.getLock(call.request, call.metadata);
          if (failure === undefined) answer(null, create(GetLockResponseSchema));
          else answer(failure);
        },
        watch: (stream: FakeWatch) => {
          stream.on("error", () => undefined);
          behaviour.watch(stream);
        },
      },
    );
  }
}

/** The result of a save, at the revision of its tag. */
export function saved({ operation, tag }: Operation): OperationResult {
  const key = operation.case === "save" ? operation.value.key : undefined;
  const result = { key, revision: tag, version: 1n };
  return create(OperationResultSchema, { tag, response: { case: "save", value: { result } } });
}

/** The result of an operation that was refused. */
export function refused({ tag }: Operation, status: Status): OperationResult {
  return create(OperationResultSchema, { tag, response: { case: "error", value: status } });
}

/** What the service tells of an error. */
export function statusOf(
  code: number,
  reason: string,
  metadata: Record<string, string> = {},
  retryAfterMs?: number,
): Status {
  const details = [
    anyPack(ErrorInfoSchema, create(ErrorInfoSchema, { domain: "statekeeper", reason, metadata })),
  ];
  if (retryAfterMs !== undefined) {
    const retryDelay = durationFromMs(retryAfterMs);
    details.push(anyPack(RetryInfoSchema, create(RetryInfoSchema, { retryDelay })));
  }
  return create(StatusSchema, { code, message: `it is ${reason}`, details });
}

/** The same as the end of a call. */
export function failureOf(status: Status, trailers: Record<string, string> = {}): FakeFailure {
  const metadata = new Metadata();
  metadata.set("grpc-status-details-bin", Buffer.from(toBinary(StatusSchema, status)));
  for (const [name, value] of Object.entries(trailers)) metadata.set(name, value);
  return { code: status.code, details: status.message, metadata };
}

// gRPC's own type of a method of any messages.
type AnyMethod = Parameters<Server["addService"]>[0][string];

function method(
  name: string,
  requestStream: boolean,
  responseStream: boolean,
  input: DescMessage,
  output: DescMessage,
): AnyMethod {
  return {
    path: `/statekeeper.v1.StateManager/${name}`,
    requestStream,
    responseStream,
    requestSerialize: (message: Message) => Buffer.from(toBinary(input, message)),
    requestDeserialize: (bytes) => fromBinary(input, bytes),
    responseSerialize: (message: Message) => Buffer.from(toBinary(output, message)),
    responseDeserialize: (bytes) => fromBinary(output, bytes),
  };
}
