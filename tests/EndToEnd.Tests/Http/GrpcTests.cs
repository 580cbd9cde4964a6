using System.Security.Cryptography;
using Grpc.Core;
using Grpc.Net.Client;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Http;

/// <summary>Grpc.Net.Client against a service of Grpc.AspNetCore, through the daemon.</summary>
[Collection(HttpGateways.Name)]
public sealed class GrpcTests : IDisposable
{
    private readonly HttpFixture _gateway;
    private readonly GrpcChannel _channel;
    private readonly CallInvoker _calls;

    public GrpcTests(HttpFixture gateway)
    {
        _gateway = gateway;
        SocketsHttpHandler handler = gateway.Handler();
        // The address is that of the listener; the target is chosen by the host that is named. No name of ours leads to loopback on every machine.
        handler.ConnectCallback = async (_, cancel) =>
        {
            var socket = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(System.Net.IPAddress.Loopback, gateway.PlainPort, cancel);
            return new System.Net.Sockets.NetworkStream(socket, ownsSocket: true);
        };
        _channel = GrpcChannel.ForAddress($"http://app.localhost:{gateway.PlainPort}", new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            MaxReceiveMessageSize = null,
            MaxSendMessageSize = null,
        });
        _calls = _channel.CreateCallInvoker();
    }

    public void Dispose() => _channel.Dispose();

    [Fact]
    public async Task A_unary_call_has_its_metadata_deadline_and_trailers()
    {
        DateTime deadline = DateTime.UtcNow.AddSeconds(30);
        using AsyncUnaryCall<byte[]> call = _calls.AsyncUnaryCall(GrpcEchoBase.Unary, null, Options(deadline, new("x-a", "1"), new("trace-bin", [1, 2, 255])), [1, 2, 3]);
        Assert.Equal([1, 2, 3], await call);
        Assert.Equal("early", (await call.ResponseHeadersAsync).GetValue("x-head"));
        Assert.Equal("late", call.GetTrailers().GetValue("x-trailer"));
        Assert.Equal([0, 1, 255], call.GetTrailers().GetValueBytes("x-trailer-bin"));
        Metadata seen = _gateway.Server.Calls.Metadata;
        Assert.Equal("1", seen.GetValue("x-a"));
        Assert.Equal([1, 2, 255], seen.GetValueBytes("trace-bin"));
        Assert.Equal("Bearer canary-of-the-target", seen.GetValue("authorization"));
        Assert.InRange(_gateway.Server.Calls.Deadline, deadline.AddSeconds(-5), deadline.AddSeconds(5));
    }

    [Fact]
    public async Task A_failure_of_the_service_stays_as_it_is()
    {
        using AsyncUnaryCall<byte[]> call = _calls.AsyncUnaryCall(GrpcEchoBase.Fail, null, Options(), []);
        RpcException failed = await Assert.ThrowsAsync<RpcException>(async () => await call);
        Assert.Equal((StatusCode.DataLoss, "gone: 100% é", "wet"), (failed.StatusCode, failed.Status.Detail, failed.Trailers.GetValue("x-why")));
    }

    [Fact]
    public async Task A_thousand_messages_go_each_way()
    {
        using AsyncServerStreamingCall<byte[]> many = _calls.AsyncServerStreamingCall(GrpcEchoBase.Many, null, Options(), BitConverter.GetBytes(1000));
        int next = 0;
        await foreach (byte[] message in many.ResponseStream.ReadAllAsync())
            Assert.Equal(next++, BitConverter.ToInt32(message));
        Assert.Equal(1000, next);

        using AsyncClientStreamingCall<byte[], byte[]> count = _calls.AsyncClientStreamingCall(GrpcEchoBase.Count, null, Options());
        for (int i = 0; i < 1000; i++)
            await count.RequestStream.WriteAsync(new byte[i]);
        await count.RequestStream.CompleteAsync();
        Assert.Equal(499_500, BitConverter.ToInt32(await count));
    }

    [Fact]
    public async Task Both_talk_in_turns()
    {
        using AsyncDuplexStreamingCall<byte[], byte[]> talk = _calls.AsyncDuplexStreamingCall(GrpcEchoBase.Talk, null, Options());
        for (int i = 0; i < 1000; i++)
        {
            await talk.RequestStream.WriteAsync(BitConverter.GetBytes(i));
            Assert.True(await talk.ResponseStream.MoveNext(CancellationToken.None));
            Assert.Equal(i, BitConverter.ToInt32(talk.ResponseStream.Current));
        }

        await talk.RequestStream.CompleteAsync();
        Assert.False(await talk.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Equal(StatusCode.OK, talk.GetStatus().StatusCode);
    }

    [Fact]
    public async Task A_message_of_32_MiB_comes_back_whole()
    {
        byte[] message = RandomNumberGenerator.GetBytes(32 << 20);
        using AsyncUnaryCall<byte[]> call = _calls.AsyncUnaryCall(GrpcEchoBase.Unary, null, Options(), message);
        byte[] answer = await call;
        Assert.True(message.AsSpan().SequenceEqual(answer));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Who_cancels_or_runs_out_of_time_stops_the_service(bool byDeadline)
    {
        GrpcEcho.Seen seen = _gateway.Server.Calls;
        seen.Reset();
        using AsyncUnaryCall<byte[]> call = _calls.AsyncUnaryCall(GrpcEchoBase.Wait, null, byDeadline ? Options(DateTime.UtcNow.AddMilliseconds(500)) : Options(), []);
        if (!byDeadline)
        {
            await seen.Waiting.Task.WaitAsync(TimeSpan.FromSeconds(30));
            call.Dispose();
        }

        RpcException failed = await Assert.ThrowsAsync<RpcException>(async () => await call);
        Assert.Equal(byDeadline ? StatusCode.DeadlineExceeded : StatusCode.Cancelled, failed.StatusCode);
        await seen.Cancelled.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task A_refused_method_is_never_called_and_the_client_reads_why()
    {
        RpcException refused = await RefusedAsync(GrpcEchoBase.Drop, Options());
        Assert.Equal((StatusCode.PermissionDenied, "Refused by policy rule web/drops: Ask Zoë: 100%."), (refused.StatusCode, refused.Status.Detail));
        Assert.Equal(0, _gateway.Server.Calls.Dropped);
        using AsyncUnaryCall<byte[]> next = _calls.AsyncUnaryCall(GrpcEchoBase.Unary, null, Options(), [1]);
        Assert.Equal([1], await next);
    }

    [Fact]
    public async Task A_refused_stream_is_refused_before_its_end()
    {
        var method = new Method<byte[], byte[]>(MethodType.DuplexStreaming, "test.v1.Other", "Talk", GrpcEchoBase.Talk.RequestMarshaller, GrpcEchoBase.Talk.ResponseMarshaller);
        using AsyncDuplexStreamingCall<byte[], byte[]> talk = _calls.AsyncDuplexStreamingCall(method, null, Options());
        RpcException refused = await Assert.ThrowsAsync<RpcException>(() => talk.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Equal((StatusCode.PermissionDenied, "No policy rule allows this request."), (refused.StatusCode, refused.Status.Detail));
    }

    [Fact]
    public async Task Metadata_is_judged()
    {
        RpcException refused = await RefusedAsync(GrpcEchoBase.Unary, Options(null, new Metadata.Entry("x-team", "red")));
        Assert.Equal((StatusCode.PermissionDenied, "Refused by policy rule web/red: Not the red ones."), (refused.StatusCode, refused.Status.Detail));
    }

    [Fact]
    public async Task Who_has_not_logged_in_is_unauthenticated()
    {
        RpcException refused = await RefusedAsync(GrpcEchoBase.Unary, new CallOptions());
        Assert.Equal(StatusCode.Unauthenticated, refused.StatusCode);
    }

    private async Task<RpcException> RefusedAsync(Method<byte[], byte[]> method, CallOptions options)
    {
        using AsyncUnaryCall<byte[]> call = _calls.AsyncUnaryCall(method, null, options, [1]);
        return await Assert.ThrowsAsync<RpcException>(async () => await call);
    }

    private CallOptions Options(DateTime? deadline = null, params Metadata.Entry[] metadata)
    {
        Metadata all = [new("authorization", $"Bearer {_gateway.Token}")];
        foreach (Metadata.Entry entry in metadata)
            all.Add(entry);
        return new CallOptions(all, deadline);
    }
}
