package dev.statekeeper.client;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.statekeeper.client.internal.caching.Cache;
import dev.statekeeper.client.internal.calls.InboxCalls;
import dev.statekeeper.client.internal.calls.ListCalls;
import dev.statekeeper.client.internal.requests.Arguments;
import dev.statekeeper.client.internal.values.Codec;
import dev.statekeeper.client.internal.watching.Following;
import dev.statekeeper.client.internal.wire.BatchSender;
import dev.statekeeper.client.internal.wire.Call;
import dev.statekeeper.client.internal.wire.Channels;
import dev.statekeeper.client.internal.wire.Connection;
import dev.statekeeper.client.internal.wire.Route;
import dev.statekeeper.client.internal.wire.Targets;
import dev.statekeeper.client.model.ExecutionState;
import dev.statekeeper.client.model.Pause;
import dev.statekeeper.client.model.ResumeResult;
import dev.statekeeper.v1.ListRequest;
import io.grpc.ChannelCredentials;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Talks to a statekeeper server.
 *
 * <pre>{@code
 * try (Client client = Client.connect("127.0.0.1:7460")) {
 *   StateManager sm = client.stateManager("exec_abc123");
 *   sm.save(new StateFields().status(Status.RUNNING).context(Map.of("userId", "user_123")));
 *   ExecutionState state = sm.load().orElseThrow();
 * }
 * }</pre>
 *
 * <p>A client is one connection; make one and share it: it may be used from any number of threads,
 * virtual ones too, and where many call at once their small calls share messages. It connects at
 * the first call. Until the server has once answered, calls to where nobody listens fail within a
 * second or two; from then on a server that is away is waited for until the call's timeout. Failed
 * calls are repeated where that can help; no write is done twice.
 *
 * <p>A thread that waits for a call may be interrupted: the call is cancelled then, {@link
 * dev.statekeeper.client.errors.CallCancelledException} thrown, and the thread stays interrupted.
 * What goes wrong throws a {@link dev.statekeeper.client.errors.StateException}; a call of a closed
 * client, {@link IllegalStateException}.
 */
public final class Client implements AutoCloseable {
  private static final int PAGE_SIZE = 100;

  private final Connection connection;
  private final Codec codec;
  private final CacheWatch cacheWatch;
  private final Cache cache;
  private final InboxCalls inbox;
  private final String actor;

  private Client(Builder builder) {
    actor = Arguments.text("actor", builder.actor);
    codec = new Codec(builder.mapper);
    String target = Targets.checked(builder.target);
    Route route = new Route(target, builder.timeout);
    connection = new Connection(Channels.open(target, builder.credentials, builder.token), route);
    cacheWatch = new CacheWatch(connection, codec);
    cache = new Cache(builder.cacheWatch ? cacheWatch : null);
    inbox = new InboxCalls(codec, cache, actor);
  }

  /**
   * Makes a client with the usual settings; talks to nobody yet.
   *
   * @param target the server's address: {@code host:port}
   * @return the client
   */
  public static Client connect(String target) {
    return builder(target).build();
  }

  /**
   * Begins to make a client.
   *
   * @param target the server's address: {@code host:port}, or a gRPC name
   * @return what makes it
   */
  public static Builder builder(String target) {
    return new Builder(target);
  }

  /**
   * Gives the handle of one execution in the default namespace; talks to nobody.
   *
   * @param executionId the execution, 1 to 256 bytes
   * @return the handle
   */
  public StateManager stateManager(String executionId) {
    return stateManager(executionId, HandleOptions.NONE);
  }

  /**
   * Gives the handle of one execution; talks to nobody.
   *
   * @param executionId the execution, 1 to 256 bytes
   * @param options its namespace, and what its calls have in common
   * @return the handle
   */
  public StateManager stateManager(String executionId, HandleOptions options) {
    return new StateManager(connection, options.toHandle(executionId, actor, codec, cache));
  }

  /**
   * Does many operations on any executions, each for itself, in few messages.
   *
   * <pre>{@code
   * client
   *     .batch(orders.stream().map(order -> order.operation().save(state)).toList())
   *     .orThrow();
   * }</pre>
   *
   * <p>Those on one execution are done in their order; one that fails keeps no other from being
   * done. What an operation holds is read before the first is sent, so none can build on what
   * another gives. A message takes 1,000 operations and 16 MiB, what is more goes into the next
   * one, and the client's timeout is for each message. A message without an answer ends the batch:
   * the operations after it are not sent, and have its error.
   *
   * @param <R> what the operations give
   * @param operations what to do, as {@link StateManager#operation()} gives it
   * @return what became of each, in their order
   * @throws dev.statekeeper.client.errors.InvalidRequestException where an argument is of no use;
   *     names the operation's position ({@code operations[3].status}). Nothing was sent.
   * @throws dev.statekeeper.client.errors.SerializationException where a value cannot be sent;
   *     names the operation's position and the path in it. Nothing was sent.
   */
  public <R extends @Nullable Object> BatchResults<R> batch(
      List<? extends Operation<? extends R>> operations) {
    List<Call<?, ? extends R>> calls = Operation.toCalls(operations, connection);
    return new BatchResults<>(new BatchSender<R>(calls, connection).send());
  }

  /**
   * Lists executions by what they are.
   *
   * <p>One that exists all the while, and is what is asked for all the while, is given once,
   * whatever else changes meanwhile. They come in the order of their ids.
   *
   * @param options which
   * @return the executions
   * @throws dev.statekeeper.client.errors.InvalidRequestException where an option is of no use
   */
  public Pages<ExecutionState> list(ListOptions options) {
    ListRequest first = ListCalls.request(options);
    return new Pages<>(token -> connection.send(ListCalls.page(first, token, codec)));
  }

  /**
   * Lists the pauses of a namespace that wait for an answer, the oldest first.
   *
   * @param namespace whose
   * @return the pauses, each with what is known of its execution
   */
  public Pages<Pause> listPauses(String namespace) {
    return listPauses(namespace, PAGE_SIZE);
  }

  /**
   * Lists the pauses of a namespace that wait for an answer, the oldest first.
   *
   * @param namespace whose
   * @param pageSize how many are fetched at a time, 1 to 1,000
   * @return the pauses, each with what is known of its execution
   */
  public Pages<Pause> listPauses(String namespace, int pageSize) {
    // Told here and not at the first step.
    inbox.list(namespace, pageSize, "");
    return new Pages<>(token -> connection.send(inbox.list(namespace, pageSize, token)));
  }

  /**
   * Answers a pause of whichever execution the token leads to.
   *
   * @param token what pausing gave
   * @param input the answer, a map or an object, kept with the pause; null: nothing
   * @return what was written, and which pause it was
   */
  public ResumeResult resume(String token, @Nullable Object input) {
    return resume(token, input, WriteOptions.NONE);
  }

  /**
   * Answers a pause of whichever execution the token leads to.
   *
   * @param token what pausing gave
   * @param input the answer, a map or an object, kept with the pause; null: nothing
   * @param options how to write
   * @return what was written, and which pause it was
   * @throws dev.statekeeper.client.errors.InvalidTokenException where the token is unknown, spent
   *     or expired
   */
  public ResumeResult resume(String token, @Nullable Object input, WriteOptions options) {
    return connection.send(inbox.resume(token, input, options));
  }

  /**
   * Looks up the pause of a token; spends nothing.
   *
   * @param token what pausing gave
   * @return the pause, with what is known of its execution
   * @throws dev.statekeeper.client.errors.InvalidTokenException where the token is unknown, spent
   *     or expired
   */
  public Pause getPause(String token) {
    return connection.send(inbox.get(token));
  }

  /**
   * Tells what happens to the executions of a namespace. The events of one execution come in the
   * order of their revisions.
   *
   * @param namespace whose
   * @param options where to begin, and what to tell
   * @return the watch, which stands
   */
  public Watch watch(String namespace, WatchOptions options) {
    return watch(namespace, "", options);
  }

  /**
   * Tells what happens to the executions of a namespace whose ids begin alike.
   *
   * @param namespace whose
   * @param idPrefix what their ids begin with
   * @param options where to begin, and what to tell
   * @return the watch, which stands
   * @throws dev.statekeeper.client.errors.InvalidRequestException where an option is of no use
   * @throws dev.statekeeper.client.errors.RevisionCompactedException where what happened since is
   *     no longer kept
   */
  public Watch watch(String namespace, String idPrefix, WatchOptions options) {
    return Watch.begin(connection, Following.of(namespace, idPrefix, options, codec), null);
  }

  /** Closes the connection; calls under way end in a {@code CallCancelledException}. */
  @Override
  public void close() {
    cacheWatch.close();
    connection.close();
  }

  /** Makes clients. */
  public static final class Builder {
    private final String target;
    private Duration timeout = Duration.ofSeconds(10);
    private String actor = "";
    private ObjectMapper mapper = new JsonMapper();
    private @Nullable ChannelCredentials credentials;
    private @Nullable String token;
    private boolean cacheWatch;

    private Builder(String target) {
      this.target = target;
    }

    /**
     * Sets how long a call may take, retries included.
     *
     * @param span more than zero; 10 seconds unless it is set
     * @return this
     */
    public Builder timeout(Duration span) {
      timeout = span;
      return this;
    }

    /**
     * Says who writes, for the history; handles and writes may say otherwise.
     *
     * @param name at most 256 bytes
     * @return this
     */
    public Builder actor(String name) {
      actor = name;
      return this;
    }

    /**
     * Encrypts the connection.
     *
     * @param tls whom to trust, and who the client is
     * @return this
     */
    public Builder tls(Tls tls) {
      credentials = tls.toCredentials();
      return this;
    }

    /**
     * Encrypts the connection as gRPC can, where {@link Tls} cannot say it.
     *
     * @param given credentials for TLS
     * @return this
     */
    public Builder credentials(ChannelCredentials given) {
      credentials = given;
      return this;
    }

    /**
     * Sends a bearer token with every call. Without TLS it is sent to this machine alone.
     *
     * @param secret the token
     * @return this
     */
    public Builder token(String secret) {
      token = secret;
      return this;
    }

    /**
     * Has handles with a {@code cacheTtl} see the writes of others at once: each namespace in which
     * there are such handles is watched, and while its watch is broken nothing of it is cached.
     *
     * @return this
     */
    public Builder cacheWatch() {
      cacheWatch = true;
      return this;
    }

    /**
     * Sets what writes and reads objects of the caller's own types.
     *
     * @param given a mapper, with the modules that those types need
     * @return this
     */
    public Builder objectMapper(ObjectMapper given) {
      mapper = given;
      return this;
    }

    /**
     * Makes the client; talks to nobody yet.
     *
     * @return the client
     * @throws dev.statekeeper.client.errors.InvalidRequestException where a setting is of no use
     */
    public Client build() {
      return new Client(this);
    }
  }
}
