using Grpc.Core;

namespace Sallyport.EndToEnd.Tests.Http;

/// <summary>The methods of <c>test.v1.Echo</c>, whose messages are bytes as they are.</summary>
[BindServiceMethod(typeof(GrpcEchoBase), nameof(Bind))]
public abstract class GrpcEchoBase
{
    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create(bytes => bytes, bytes => bytes);

    public static Method<byte[], byte[]> Unary { get; } = Of(MethodType.Unary, nameof(SayAsync));

    public static Method<byte[], byte[]> Drop { get; } = Of(MethodType.Unary, nameof(DropAsync));

    public static Method<byte[], byte[]> Many { get; } = Of(MethodType.ServerStreaming, nameof(ManyAsync));

    public static Method<byte[], byte[]> Count { get; } = Of(MethodType.ClientStreaming, nameof(CountAsync));

    public static Method<byte[], byte[]> Talk { get; } = Of(MethodType.DuplexStreaming, nameof(TalkAsync));

    public static Method<byte[], byte[]> Fail { get; } = Of(MethodType.Unary, nameof(FailAsync));

    public static Method<byte[], byte[]> Wait { get; } = Of(MethodType.Unary, nameof(WaitAsync));

    public abstract Task<byte[]> SayAsync(byte[] request, ServerCallContext context);

    public abstract Task<byte[]> DropAsync(byte[] request, ServerCallContext context);

    public abstract Task ManyAsync(byte[] request, IServerStreamWriter<byte[]> responses, ServerCallContext context);

    public abstract Task<byte[]> CountAsync(IAsyncStreamReader<byte[]> requests, ServerCallContext context);

    public abstract Task TalkAsync(IAsyncStreamReader<byte[]> requests, IServerStreamWriter<byte[]> responses, ServerCallContext context);

    public abstract Task<byte[]> FailAsync(byte[] request, ServerCallContext context);

    public abstract Task<byte[]> WaitAsync(byte[] request, ServerCallContext context);

    /// <summary>Called by the server, which finds implementations by the names of methods.</summary>
    public static void Bind(ServiceBinderBase binder, GrpcEchoBase? service)
    {
        binder.AddMethod(Unary, service is null ? null : new UnaryServerMethod<byte[], byte[]>(service.SayAsync));
        binder.AddMethod(Drop, service is null ? null : new UnaryServerMethod<byte[], byte[]>(service.DropAsync));
        binder.AddMethod(Many, service is null ? null : new ServerStreamingServerMethod<byte[], byte[]>(service.ManyAsync));
        binder.AddMethod(Count, service is null ? null : new ClientStreamingServerMethod<byte[], byte[]>(service.CountAsync));
        binder.AddMethod(Talk, service is null ? null : new DuplexStreamingServerMethod<byte[], byte[]>(service.TalkAsync));
        binder.AddMethod(Fail, service is null ? null : new UnaryServerMethod<byte[], byte[]>(service.FailAsync));
        binder.AddMethod(Wait, service is null ? null : new UnaryServerMethod<byte[], byte[]>(service.WaitAsync));
    }

    private static Method<byte[], byte[]> Of(MethodType type, string name) => new(type, "test.v1.Echo", name, Bytes, Bytes);
}

/// <summary>The service.</summary>
public sealed class GrpcEcho : GrpcEchoBase
{
    /// <summary>What it saw of its calls.</summary>
    public sealed class Seen
    {
        private TaskCompletionSource _cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Metadata Metadata { get; set; } = [];

        public DateTime Deadline { get; set; }

        public int Dropped { get; set; }

        public Task Cancelled => _cancelled.Task;

        public TaskCompletionSource Waiting { get; private set; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Reset() => (_cancelled, Waiting) =
            (new(TaskCreationOptions.RunContinuationsAsynchronously), new(TaskCreationOptions.RunContinuationsAsynchronously));

        public void Cancel() => _cancelled.TrySetResult();
    }

    public static Seen Told { get; set; } = new();

    public override async Task<byte[]> SayAsync(byte[] request, ServerCallContext context)
    {
        (Told.Metadata, Told.Deadline) = (context.RequestHeaders, context.Deadline);
        await context.WriteResponseHeadersAsync([new("x-head", "early")]);
        context.ResponseTrailers.Add("x-trailer", "late");
        context.ResponseTrailers.Add("x-trailer-bin", [0, 1, 255]);
        return request;
    }

    public override Task<byte[]> DropAsync(byte[] request, ServerCallContext context)
    {
        Told.Dropped++;
        return Task.FromResult(request);
    }

    public override async Task ManyAsync(byte[] request, IServerStreamWriter<byte[]> responses, ServerCallContext context)
    {
        for (int i = 0; i < BitConverter.ToInt32(request); i++)
            await responses.WriteAsync(BitConverter.GetBytes(i));
    }

    public override async Task<byte[]> CountAsync(IAsyncStreamReader<byte[]> requests, ServerCallContext context)
    {
        int count = 0;
        await foreach (byte[] request in requests.ReadAllAsync())
            count += request.Length;
        return BitConverter.GetBytes(count);
    }

    public override async Task TalkAsync(IAsyncStreamReader<byte[]> requests, IServerStreamWriter<byte[]> responses, ServerCallContext context)
    {
        await foreach (byte[] request in requests.ReadAllAsync())
            await responses.WriteAsync(request);
    }

    public override Task<byte[]> FailAsync(byte[] request, ServerCallContext context) =>
        throw new RpcException(new Status(StatusCode.DataLoss, "gone: 100% é"), [new("x-why", "wet")]);

    public override async Task<byte[]> WaitAsync(byte[] request, ServerCallContext context)
    {
        using CancellationTokenRegistration cancelled = context.CancellationToken.Register(Told.Cancel);
        Told.Waiting.TrySetResult();
        await Told.Cancelled;
        return request;
    }
}
