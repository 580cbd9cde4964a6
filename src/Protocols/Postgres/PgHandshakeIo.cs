using System.Buffers;
using System.IO.Pipelines;
using Sallyport.Protocols.Wire;

namespace Sallyport.Protocols.Postgres;

/// <summary>A whole message, copied: for handshakes only.</summary>
public readonly record struct PgRawMessage(byte Type, byte[] Body);

/// <summary>A peer broke the protocol during a handshake.</summary>
public sealed class PgProtocolException(string message) : IOException(message);

/// <summary>Whole messages, one at a time, for handshakes and side connections, where simplicity is worth a copy.</summary>
internal static class PgHandshakeIo
{
    /// <summary>Reads one message with a type, at most <paramref name="maxLength"/> bytes long.</summary>
    /// <returns>Null when the peer closed before its first byte.</returns>
    /// <exception cref="PgProtocolException">The length is not legal, or the peer closed inside the message.</exception>
    public static async ValueTask<PgRawMessage?> ReadAsync(PipeReader input, int maxLength, CancellationToken cancel)
    {
        while (true)
        {
            ReadResult read = await input.ReadAsync(cancel).ConfigureAwait(false);
            ReadOnlySequence<byte> buffer = read.Buffer;
            switch (PgFrame.TryParse(buffer.FirstSpan, maxLength, out PgFrame frame))
            {
                case ParseStatus.Malformed:
                    throw new PgProtocolException("message length out of range");
                case ParseStatus.Done when buffer.Length >= frame.TotalLength:
                    byte[] body = buffer.Slice(PgFrame.HeaderLength, frame.BodyLength).ToArray();
                    input.AdvanceTo(buffer.GetPosition(frame.TotalLength));
                    return new PgRawMessage(frame.Type, body);
            }

            if (read.IsCompleted)
                return buffer.IsEmpty ? null : throw new PgProtocolException("connection closed inside a message");
            input.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    /// <summary>Reads one message without a type: its code and what follows, and how many bytes were waiting behind it.</summary>
    /// <returns>Null when the peer closed before its first byte.</returns>
    /// <exception cref="PgProtocolException">The length is not legal, or the peer closed inside the message.</exception>
    public static async ValueTask<(byte[] Body, long Behind)?> ReadUntypedAsync(PipeReader input, int maxLength, CancellationToken cancel)
    {
        while (true)
        {
            ReadResult read = await input.ReadAsync(cancel).ConfigureAwait(false);
            ReadOnlySequence<byte> buffer = read.Buffer;
            switch (PgFrame.TryParseUntyped(buffer.FirstSpan, maxLength, out int bodyLength))
            {
                case ParseStatus.Malformed:
                    throw new PgProtocolException("startup packet length out of range");
                case ParseStatus.Done when buffer.Length >= bodyLength + 4:
                    byte[] body = buffer.Slice(4, bodyLength).ToArray();
                    long behind = buffer.Length - bodyLength - 4;
                    input.AdvanceTo(buffer.GetPosition(bodyLength + 4));
                    return (body, behind);
            }

            if (read.IsCompleted)
                return buffer.IsEmpty ? null : throw new PgProtocolException("connection closed inside the startup packet");
            input.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    /// <summary>The first byte, left where it is; null when the peer closed.</summary>
    public static async ValueTask<byte?> PeekAsync(PipeReader input, CancellationToken cancel)
    {
        ReadResult read = await input.ReadAsync(cancel).ConfigureAwait(false);
        byte? first = read.Buffer.IsEmpty ? null : read.Buffer.FirstSpan[0];
        input.AdvanceTo(read.Buffer.Start);
        return first;
    }

    /// <summary>Sends what <paramref name="writer"/> holds and clears it.</summary>
    public static async ValueTask SendAsync(this Contract.IDuplex to, PgWriter writer, CancellationToken cancel)
    {
        await to.SendAsync(writer.Written, cancel).ConfigureAwait(false);
        writer.Clear();
    }
}
