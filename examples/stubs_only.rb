# What docs/protocol.md says, in a language that has no client of statekeeper: the program
# of stubs_only.py. On Debian, with the packages ruby-grpc, ruby-grpc-tools,
# ruby-googleapis-common-protos-types and protobuf-compiler:
#
#     protos/image.sh image.binpb && mkdir stubs
#     protoc --descriptor_set_in=image.binpb --ruby_out=stubs --grpc_out=stubs \
#         --plugin=protoc-gen-grpc=$(which grpc_ruby_plugin) \
#         $(cd protos && ls statekeeper/v1/*.proto) google/rpc/status.proto
#     ruby -I stubs examples/stubs_only.rb --target 127.0.0.1:7460

require "google/protobuf/well_known_types"
require "google/rpc/error_details_pb"
require "grpc"
require "json"
require "optparse"
require "securerandom"
require "statekeeper/v1/state_manager_services_pb"

include Statekeeper::V1

SERVICE = "statekeeper.v1.StateManager"
RETRIES = {
  methodConfig: [
    {
      name: [{ service: SERVICE }],
      retryPolicy: {
        maxAttempts: 5, initialBackoff: "0.1s", maxBackoff: "2s", backoffMultiplier: 2,
        retryableStatusCodes: %w[UNAVAILABLE RESOURCE_EXHAUSTED CANCELLED]
      }
    },
    { name: [{ service: SERVICE, method: "Pipeline" }, { service: SERVICE, method: "Watch" }] }
  ]
}.freeze
CHANNEL_OPTIONS = {
  "grpc.service_config" => RETRIES.to_json,
  "grpc.max_receive_message_length" => 16 * 1024 * 1024,
  "grpc.max_reconnect_backoff_ms" => 1_000,
  "grpc.keepalive_time_ms" => 30_000,
  "grpc.keepalive_permit_without_calls" => 1
}.freeze
DEADLINE_S = 10
OPERATIONS_PER_MESSAGE = 500
HEARTBEAT_S = 1
PASSING = [GRPC::Unavailable, GRPC::Cancelled, GRPC::ResourceExhausted].freeze
PASSING_REASONS = %w[STORAGE_ERROR OVERLOADED].freeze

# For how long nothing may be heard of a server.
GIVE_UP_S = 30

def now_s = Process.clock_gettime(Process::CLOCK_MONOTONIC)

# Why the service refused something; nil where it gave no reason.
def reason(status)
  info = status.details.find { |detail| detail.is(Google::Rpc::ErrorInfo) }
  info = info&.unpack(Google::Rpc::ErrorInfo)
  info.reason if info&.domain == "statekeeper"
end

# Waits that grow to a second, until nothing was heard of a server for too long.
class Patience
  def initialize = heard

  def heard
    @since_s = now_s
    @delay_s = 0.01
  end

  def wait(problem)
    raise problem if now_s - @since_s > GIVE_UP_S

    sleep(@delay_s * rand)
    @delay_s = [2 * @delay_s, 1].min
  end
end

# Does operations in one stream after the other, until each has a result; by their tags.
def pipeline(stub, operations)
  left = operations.to_h { |operation| [operation.tag, operation] }
  results = {}
  patience = Patience.new
  until left.empty?
    # In the order that they had, and with the request ids that they had.
    messages = left.values.each_slice(OPERATIONS_PER_MESSAGE)
    begin
      stub.pipeline(messages.lazy.map { |some| BatchRequest.new(operations: some) }).each do |message|
        patience.heard
        message.results.each do |result|
          next if result.error && PASSING_REASONS.include?(reason(result.error))

          results[result.tag] = result if left.delete(result.tag)
        end
      end
    rescue *PASSING
      # What has no result yet is in `left`.
    end
    patience.wait("the server takes no operations") unless left.empty?
  end
  results
end

# Gives what happens, over any number of streams: nothing is missed, nothing comes twice.
def watch(stub, request)
  request.heartbeat_interval = Google::Protobuf::Duration.new(seconds: HEARTBEAT_S)
  patience = Patience.new
  loop do
    # Of a revision whose events are in several messages: all of it, or nothing.
    events = []
    begin
      unless_silent(stub.watch(request, return_op: true)) do |message|
        patience.heard
        events.concat(message.events.to_a)
        next if message.resume_token.empty?

        yield events
        request.resume_token = message.resume_token
        events = []
      end
    rescue *PASSING
      # It goes on after what was dealt with.
    end
    patience.wait("the server takes no watch")
  end
end

# Gives the messages of a stream, and cancels it where none comes for too long.
def unless_silent(call)
  heard_s = now_s
  watchdog = Thread.new do
    sleep(HEARTBEAT_S) while now_s - heard_s < 3 * HEARTBEAT_S
    call.cancel
  end
  call.execute.each do |message|
    heard_s = now_s
    yield message
  end
ensure
  watchdog&.kill
end

def key(meter) = ExecutionKey.new(namespace: "meters", execution_id: meter)

# The operation that stores one reading; the request id stays with it.
def reading(meter, number, tag)
  entries = { "reading-#{number}" => Value.new(json: (number * 7).to_json) }
  update = UpdateRequest.new(
    key: key(meter),
    options: WriteOptions.new(request_id: SecureRandom.hex),
    changes: ExecutionState.new(context: Document.new(entries: entries))
  )
  Operation.new(tag: tag, update: update)
end

def run(target, count, readings)
  channel = GRPC::Core::Channel.new(target, CHANNEL_OPTIONS, :this_channel_is_insecure)
  stub = StateManager::Stub.new(target, :this_channel_is_insecure, channel_override: channel)
  meters = Array.new(count) { "meter-#{SecureRandom.hex}" }
  meters.each do |meter|
    save = SaveRequest.new(
      key: key(meter),
      options: WriteOptions.new(request_id: SecureRandom.hex, expected_revision: 0),
      state: ExecutionState.new(status: :STATUS_RUNNING)
    )
    stub.save(save, deadline: Time.now + DEADLINE_S)
  end

  seen = 0
  begun = Queue.new
  watching = Thread.new do
    watch(stub, WatchRequest.new(namespace: "meters", id_prefix: "meter-")) do |events|
      begun << true
      seen += events.sum { |event| meters.include?(event.key.execution_id) ? event.changed.size : 0 }
      break if seen >= count * readings
    end
  end
  begun.pop
  puts "watching"
  $stdout.flush

  order = (0...readings).to_a.product(meters)
  operations = order.each_with_index.map { |(number, meter), at| reading(meter, number, at + 1) }
  results = pipeline(stub, operations).values
  watching.join

  stored = meters.sum do |meter|
    load = LoadRequest.new(key: key(meter))
    # The first change was the save: a reading that was stored twice would be one more.
    stub.load(load, deadline: Time.now + DEADLINE_S).execution.version - 1
  end
  puts "readings: #{operations.size}, refused: #{results.count(&:error)}"
  puts "stored: #{stored}, seen: #{seen}"
  puts "sent again and not done again: #{results.count { |each| each.update&.result&.replayed }}"
end

given = { target: "127.0.0.1:7460", meters: 20, readings: 500 }
OptionParser.new do |options|
  options.on("--target HOST:PORT")
  options.on("--meters N", Integer)
  options.on("--readings N", Integer)
end.parse!(into: given)
begin
  run(given[:target], given[:meters], given[:readings])
rescue GRPC::BadStatus => error
  abort "#{error.class.name.delete_prefix("GRPC::").upcase}: #{error.details}"
end
