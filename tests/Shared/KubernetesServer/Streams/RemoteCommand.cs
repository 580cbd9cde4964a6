using System.IO.Pipelines;
using System.Text.Json.Nodes;
using System.Threading.Channels;

namespace Sallyport.Shared.KubernetesServer.Streams;

/// <summary>How large a terminal is.</summary>
internal readonly record struct TerminalSize(ushort Width, ushort Height)
{
    /// <summary>From <c>{"Width":80,"Height":24}</c>.</summary>
    public static TerminalSize Parse(ReadOnlySpan<byte> json)
    {
        JsonNode? size = JsonNode.Parse(json);
        return new TerminalSize((ushort?)size?["Width"] ?? 0, (ushort?)size?["Height"] ?? 0);
    }
}

/// <summary>The client's end of an exec or attach, over any of the protocols.</summary>
internal abstract class RemoteCommand : IAsyncDisposable
{
    public const byte Output = 1, Error = 2;

    protected Channel<TerminalSize> Resizes { get; } = Channel.CreateUnbounded<TerminalSize>();

    /// <summary>What the client types, until it has no more.</summary>
    public abstract PipeReader Input { get; }

    /// <summary>The sizes of its terminal as it changes them.</summary>
    public ChannelReader<TerminalSize> Sizes => Resizes.Reader;

    /// <summary>Cancelled when the client is gone.</summary>
    public abstract CancellationToken Gone { get; }

    /// <summary>Waits until the streams that were asked for are there.</summary>
    public abstract Task ReadyAsync();

    /// <summary>Sends output on <see cref="Output"/> or <see cref="Error"/>.</summary>
    public abstract Task WriteAsync(byte channel, ReadOnlyMemory<byte> data);

    /// <summary>Sends how it ended (a Status), and ends.</summary>
    public abstract Task EndAsync(JsonObject status);

    public abstract ValueTask DisposeAsync();
}
