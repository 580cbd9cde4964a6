using System.Text;
using Sallyport.Contract;

namespace Sallyport.Protocols.Ssh.Channels;

/// <summary>The client's SSH_MSG_CHANNEL_OPEN (RFC 4254 5.1, 7.2; OpenSSH PROTOCOL 2.4): judged where it leads somewhere.</summary>
internal sealed class SshOpens(SshShared shared, SshActions actions, SshRefuser refuser, SshHolds holds, SshUnwatched unwatched)
{
    private const uint UnknownChannelType = 3;
    private const uint ResourceShortage = 4;
    private bool _noMoreSessions;

    /// <summary>The client will open no more sessions (OpenSSH PROTOCOL 2.2), and none is opened for it.</summary>
    public void NoMoreSessions() => _noMoreSessions = true;

    public async ValueTask OpenAsync(ReadOnlyMemory<byte> message, CancellationToken cancel)
    {
        if (!TryRead(message.Span, out Request open))
            throw SshShared.Violation(SshSide.Client, "a CHANNEL_OPEN that cannot be read");
        switch (open.Type)
        {
            case "session" when open.Rest.Length == 0:
                if (_noMoreSessions)
                    refuser.Open(SshSide.Client, open.Sender, "sallyport: no more sessions: you said so");
                else
                    await PassAsync(open, SshChannelKind.Session, "", cancel).ConfigureAwait(false);
                break;
            case "direct-tcpip":
                await TcpipAsync(open, cancel).ConfigureAwait(false);
                break;
            case "direct-streamlocal@openssh.com":
                await StreamlocalAsync(open, cancel).ConfigureAwait(false);
                break;
            default:
                shared.Context.Event("refused", $"channel type {SshNames.Shown(open.Type)}");
                refuser.Open(SshSide.Client, open.Sender, UnknownChannelType, "sallyport: this type of channel is not let through");
                break;
        }
    }

    /// <summary>string type, uint32 sender, uint32 window, uint32 maximum packet, and what the type adds.</summary>
    private static bool TryRead(ReadOnlySpan<byte> message, out Request open)
    {
        var reader = new SshReader(message[1..]);
        string type = reader.ReadText(SshNames.Longest);
        open = new Request(type, reader.ReadUInt32(), reader.ReadUInt32(), reader.ReadUInt32(), reader.Rest.ToArray());
        return !reader.Failed && open.MaxPacket > 0;
    }

    /// <summary>string host, uint32 port, string originator's address, uint32 originator's port.</summary>
    private async ValueTask TcpipAsync(Request open, CancellationToken cancel)
    {
        if (!TryReadTcpip(open.Rest, out string host, out uint port))
            throw SshShared.Violation(SshSide.Client, "a direct-tcpip CHANNEL_OPEN that cannot be read");
        byte[] name = Encoding.UTF8.GetBytes(host);
        await ForwardAsync(open, SshChannelKind.DirectTcpip, $"{host}:{port}", () => actions.Destination(Verb.ForwardLocal, name, port), cancel).ConfigureAwait(false);
    }

    /// <summary>string path, string reserved, uint32 reserved (OpenSSH PROTOCOL 2.4).</summary>
    private async ValueTask StreamlocalAsync(Request open, CancellationToken cancel)
    {
        if (!TryReadStreamlocal(open.Rest, out string path))
            throw SshShared.Violation(SshSide.Client, "a direct-streamlocal CHANNEL_OPEN that cannot be read");
        byte[] name = Encoding.UTF8.GetBytes(path);
        await ForwardAsync(open, SshChannelKind.DirectStreamlocal, path, () => actions.One(ActionKind.PortForward, Verb.ForwardLocal, name), cancel).ConfigureAwait(false);
    }

    private static bool TryReadTcpip(byte[] rest, out string host, out uint port)
    {
        var reader = new SshReader(rest);
        host = reader.ReadText(SshNames.LongestHost);
        port = reader.ReadUInt32();
        reader.ReadText(SshNames.LongestHost);
        reader.ReadUInt32();
        return reader.AtEnd && host.Length > 0 && port is > 0 and <= 65535;
    }

    private static bool TryReadStreamlocal(byte[] rest, out string path)
    {
        var reader = new SshReader(rest);
        path = reader.ReadText(SshNames.LongestPath);
        reader.ReadString();
        reader.ReadUInt32();
        return reader.AtEnd && path.Length > 0;
    }

    private delegate ActionView Asked();

    private async ValueTask ForwardAsync(Request open, SshChannelKind kind, string about, Asked asked, CancellationToken cancel)
    {
        // Opens are answered in any order (RFC 4254 5.1): each waits for itself.
        if (unwatched.TryKeep(open, isJudged: true, open.Rest.Length, go => ForwardAsync(open, kind, about, asked, go)))
            return;
        if (shared.Restrictions.NoForwarding)
        {
            shared.Context.Event("refused", $"forward to {SshNames.Shown(about)}: not permitted by the key or certificate");
            refuser.Open(SshSide.Client, open.Sender, SshRefusal.FromRestriction("port forwarding"));
            return;
        }

        Verdict verdict = shared.Context.Judge(asked(), out bool mustWait);
        if (mustWait)
            await shared.Context.ReadyAsync(cancel).ConfigureAwait(false);
        switch (verdict.Kind)
        {
            case VerdictKind.Allow:
                await PassAsync(open, kind, about, cancel).ConfigureAwait(false);
                break;
            case VerdictKind.Hold when shared.TryWaitOpen():
                // A channel that is not open has no place to be told that it waits: approvers are told, and the client's own time limit counts.
                HeldAction held = SshActions.Held(asked(), shared.Context.Facts, shared.Context.HoldingRules(asked()));
                holds.Begin(verdict, held, static (_, _) => default, outcome => DecidedAsync(open, kind, about, verdict, outcome, cancel));
                break;
            case VerdictKind.Hold:
                refuser.Open(SshSide.Client, open.Sender, ResourceShortage, "sallyport: too many connections wait for approval");
                break;
            default:
                refuser.Open(SshSide.Client, open.Sender, SshRefusal.FromVerdict(verdict, $"no connection to {about}"));
                break;
        }
    }

    private async ValueTask DecidedAsync(Request open, SshChannelKind kind, string about, Verdict verdict, HoldOutcome outcome, CancellationToken cancel)
    {
        shared.OpenWaited();
        if (outcome.Approved)
            await PassAsync(open, kind, about, cancel, outcome).ConfigureAwait(false);
        else
            refuser.Open(SshSide.Client, open.Sender, SshRefusal.FromOutcome(verdict, outcome, $"no connection to {about}"));
    }

    /// <summary>Asks the target for the channel, under our number, with the window that the client grants.</summary>
    private async ValueTask PassAsync(Request open, SshChannelKind kind, string about, CancellationToken cancel, HoldOutcome? approval = null)
    {
        SshChannel? channel = shared.Channels.Add(number => new SshChannel(shared, number, kind, SshSide.Client)
        {
            About = about,
            StartedAt = shared.Time.GetTimestamp(),
        });
        if (channel is null)
        {
            refuser.Open(SshSide.Client, open.Sender, ResourceShortage, $"sallyport: at most {shared.Limits.Channels} channels at a time");
            return;
        }

        if (approval is not null)
            refuser.KeepApproval(channel, approval);
        uint packet = Math.Min(open.MaxPacket, (uint)shared.Limits.MaxPacket);
        channel.SetPeer(SshSide.Client, open.Sender, packet);
        uint window;
        lock (channel.Lock)
            window = channel.ToClient.Open(open.Window, kind == SshChannelKind.Session ? open.Window / 2 : 0);
        byte[] message = new SshWriter().Begin(SshMessageNumber.ChannelOpen).String(open.Type).UInt32(channel.Number).UInt32(window).UInt32(packet).Raw(open.Rest).ToArray();
        if (!shared.Tape.Message(Direction.FromClient, message))
            await shared.Context.ReadyAsync(cancel).ConfigureAwait(false);
        await shared.SendAsync(SshSide.Target, message, cancel).ConfigureAwait(false);
    }

    private sealed record Request(string Type, uint Sender, uint Window, uint MaxPacket, byte[] Rest);
}
