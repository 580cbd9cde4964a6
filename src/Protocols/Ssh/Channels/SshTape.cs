using System.Buffers.Binary;
using Sallyport.Contract;

namespace Sallyport.Protocols.Ssh.Channels;

/// <summary>
/// Records messages of RFC 4254 as the client sent them or was shown them, each behind its length (docs/recording-format.md). Both channel fields of a
/// message are our number by then. Both loops write for the client, so a message and its length stay together by a lock for each direction.
/// </summary>
internal sealed class SshTape(SessionContext context)
{
    private readonly Lock[] _locks = [new(), new()];

    /// <summary>Records one message.</summary>
    /// <returns>False: await <see cref="SessionContext.ReadyAsync"/> before sending it.</returns>
    public bool Message(Direction direction, ReadOnlySpan<byte> head, ReadOnlySpan<byte> body = default)
    {
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(length, (uint)(head.Length + body.Length));
        lock (_locks[(int)direction])
        {
            bool ready = context.Record(direction, length) & context.Record(direction, head);
            return body.IsEmpty ? ready : ready & context.Record(direction, body);
        }
    }

    /// <summary>Records a message of so many stars instead of its data: what was typed at a prompt that does not show it.</summary>
    public bool Blanked(Direction direction, ReadOnlySpan<byte> head, int length)
    {
        Span<byte> stars = stackalloc byte[Math.Min(length, 256)];
        stars.Fill((byte)'*');
        Span<byte> cut = stackalloc byte[9];
        head[..5].CopyTo(cut);
        BinaryPrimitives.WriteUInt32BigEndian(cut[5..], (uint)stars.Length);
        return Message(direction, cut, stars);
    }
}
