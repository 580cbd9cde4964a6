using System.Buffers.Binary;
using Sallyport.Contract;

namespace Sallyport.Protocols.Ssh.Channels;

/// <summary>Answers to CHANNEL_OPEN (RFC 4254 5.1), of either peer.</summary>
internal static class SshAnswers
{
    public static ValueTask TakeAsync(SshShared shared, SshSide from, SshChannel channel, ReadOnlyMemory<byte> message, CancellationToken cancel) =>
        message.Span[0] == SshMessageNumber.ChannelOpenConfirmation
            ? ConfirmAsync(shared, from, channel, message, cancel)
            : FailAsync(shared, from, channel, message, cancel);

    /// <summary>uint32 recipient, uint32 sender, uint32 window, uint32 maximum packet.</summary>
    private static async ValueTask ConfirmAsync(SshShared shared, SshSide from, SshChannel channel, ReadOnlyMemory<byte> message, CancellationToken cancel)
    {
        if (message.Length != 17)
            throw SshShared.Violation(from, "a CHANNEL_OPEN_CONFIRMATION of another length");
        uint sender = BinaryPrimitives.ReadUInt32BigEndian(message.Span[5..]);
        uint window = BinaryPrimitives.ReadUInt32BigEndian(message.Span[9..]);
        uint packet = Math.Min(BinaryPrimitives.ReadUInt32BigEndian(message.Span[13..]), (uint)shared.Limits.MaxPacket);
        if (packet == 0)
            throw SshShared.Violation(from, "a channel that takes no data");
        SshSide to = from.Other();
        channel.SetPeer(from, sender, packet);

        if (channel.Adoption is { } adoption)
        {
            lock (channel.Lock)
            {
                channel.ToTarget.Adopt(window, adoption.Granted);
                channel.IsAnswered = true;
            }

            adoption.Answered.SetResult(true);
            return;
        }

        SemaphoreSlim turn = channel.TurnTo(to);
        await turn.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            // What a session is sent goes to whatever it runs: until that has been let through, the client has no window.
            lock (channel.Lock)
            {
                window = channel.WindowTo(from).Open(window, channel.Kind == SshChannelKind.Session ? uint.MaxValue : 0);
                channel.IsAnswered = true;
            }

            byte[] answer = new SshWriter().Begin(SshMessageNumber.ChannelOpenConfirmation).UInt32(channel.Number).UInt32(channel.Number).UInt32(window).UInt32(packet).ToArray();
            if (!shared.Tape.Message(from == SshSide.Client ? Direction.FromClient : Direction.ToClient, answer))
                await shared.Context.ReadyAsync(cancel).ConfigureAwait(false);
            BinaryPrimitives.WriteUInt32BigEndian(answer.AsSpan(1), channel.PeerNumber(to));
            await shared.SendAsync(to, answer, cancel).ConfigureAwait(false);
        }
        finally
        {
            turn.Release();
        }

        // What it was approved by ended meanwhile.
        if (channel.IsDropped)
            await new SshRefuser(shared).EndAsync(channel, cancel).ConfigureAwait(false);
    }

    /// <summary>uint32 recipient, uint32 reason, string description, string language.</summary>
    private static async ValueTask FailAsync(SshShared shared, SshSide from, SshChannel channel, ReadOnlyMemory<byte> message, CancellationToken cancel)
    {
        if (!TryReadFailure(message.Span, out uint reason, out string description))
            throw SshShared.Violation(from, "a CHANNEL_OPEN_FAILURE that cannot be read");
        if (channel.Adoption is { } adoption)
        {
            adoption.Answered.SetResult(false);
            return;
        }

        SshSide to = from.Other();
        SshWriter writer = new SshWriter().Begin(SshMessageNumber.ChannelOpenFailure).UInt32(channel.Number).UInt32(reason).String(description).String("");
        if (!shared.Tape.Message(from == SshSide.Client ? Direction.FromClient : Direction.ToClient, writer.Written))
            await shared.Context.ReadyAsync(cancel).ConfigureAwait(false);
        byte[] answer = writer.ToArray();
        BinaryPrimitives.WriteUInt32BigEndian(answer.AsSpan(1), channel.PeerNumber(to));
        shared.Channels.Remove(channel);
        shared.Kept.Release(channel);
        await shared.SendAsync(to, answer, cancel).ConfigureAwait(false);
    }

    private static bool TryReadFailure(ReadOnlySpan<byte> message, out uint reason, out string description)
    {
        var reader = new SshReader(message[5..]);
        reason = reader.ReadUInt32();
        description = reader.ReadText(SshNames.LongestHost);
        reader.ReadString();
        return reader.AtEnd;
    }
}
