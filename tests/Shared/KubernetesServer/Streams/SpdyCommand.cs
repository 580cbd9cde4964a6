using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json.Nodes;

namespace Sallyport.Shared.KubernetesServer.Streams;

/// <summary>exec and attach over SPDY/3.1: the client opens one stream for each of what it asked for, named by their <c>streamType</c>.</summary>
internal sealed class SpdyCommand : RemoteCommand
{
    private readonly SpdyConnection _connection;
    private readonly ConcurrentDictionary<string, SpdyStream> _streams = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _gone;
    private readonly int _expected;
    private readonly Task _running;
    private Task _resizing = Task.CompletedTask;

    public SpdyCommand(Stream stream, int expected, CancellationToken aborted)
    {
        _expected = expected;
        _connection = new SpdyConnection(stream);
        _gone = CancellationTokenSource.CreateLinkedTokenSource(aborted);
        _running = RunAsync();
    }

    public override PipeReader Input => _streams["stdin"].Input;

    public override CancellationToken Gone => _gone.Token;

    public override Task ReadyAsync() => _ready.Task.WaitAsync(TimeSpan.FromSeconds(30), Gone);

    public override Task WriteAsync(byte channel, ReadOnlyMemory<byte> data) =>
        _streams.TryGetValue(channel == Output ? "stdout" : "stderr", out SpdyStream? to) ? to.WriteAsync(data) : Task.CompletedTask;

    public override async Task EndAsync(JsonObject status)
    {
        foreach (string name in (string[])["stdout", "stderr"])
        {
            if (_streams.TryGetValue(name, out SpdyStream? output))
                await output.CloseAsync();
        }

        SpdyStream outcome = _streams["error"];
        await outcome.WriteAsync(Encoding.UTF8.GetBytes(status.ToJsonString()));
        await outcome.CloseAsync();
        // The client goes once it has read that.
        await Task.WhenAny(_running, Task.Delay(TimeSpan.FromSeconds(2)));
    }

    public override async ValueTask DisposeAsync()
    {
        await _gone.CancelAsync();
        await _running;
        await _resizing;
        _connection.Dispose();
        _gone.Dispose();
    }

    private async Task RunAsync()
    {
        await _connection.RunAsync(Opened, Gone);
        await _gone.CancelAsync();
    }

    private void Opened(SpdyStream stream)
    {
        string name = stream.Headers.GetValueOrDefault("streamtype", "");
        _streams[name] = stream;
        if (name == "resize")
            _resizing = ResizeAsync(stream);
        if (_streams.Count == _expected)
            _ready.TrySetResult();
    }

    private async Task ResizeAsync(SpdyStream stream)
    {
        while (true)
        {
            ReadResult read = await stream.Input.ReadAsync();
            // One JSON object per change, a line each: a client that writes them in pieces is not among those tested.
            foreach (string line in Encoding.UTF8.GetString(read.Buffer).Split('\n', StringSplitOptions.RemoveEmptyEntries))
                Resizes.Writer.TryWrite(TerminalSize.Parse(Encoding.UTF8.GetBytes(line)));
            stream.Input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
                return;
        }
    }
}
