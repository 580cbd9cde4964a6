using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Sftp;
using Sallyport.Protocols.Ssh.Shell;

namespace Sallyport.Protocols.Ssh.Channels;

/// <summary>
/// What a session channel runs: a command, a shell or a subsystem (RFC 4254 6.5). Until it has been let through the client has no window to send it anything,
/// so nothing has to be kept while a person is asked.
/// </summary>
internal sealed class SshStart(SshShared shared, SshRelay relay, SshActions actions, SshRefuser refuser, SshHolds holds)
{
    /// <summary>
    /// Kept back of the client's window for what we may have to say; what does not fit waits. Less than a packet: a client that grants more window only when
    /// half of it is gone (asyncssh, JSch), or all but a packet (SSH.NET), would wait for ever for what the target was never granted.
    /// </summary>
    private const int SayReserve = 8192;

    /// <summary>Kept back of the target's window for what a filter asks it itself, and for parts of requests that wait for their rest.</summary>
    private const int FilterReserve = 64 << 10;

    private readonly ShellScanner _scanner = new();

    public async ValueTask StartAsync(SshRequest request, CancellationToken cancel)
    {
        if (!TryReadText(request, out byte[] text))
            throw SshShared.Violation(SshSide.Client, $"{request.Type} that cannot be read");
        SshChannel channel = request.Channel;
        SshDebt? debt = null;
        if (request.WantReply && (debt = channel.OwedToClient.Add(SshReply.Waiting)) is null)
            throw SshShared.Violation(SshSide.Client, "more requests than may await an answer");
        SshRequest run = Forced(request, ref text);
        if (!shared.Tape.Message(Direction.FromClient, run.Message.Span))
            await shared.Context.ReadyAsync(cancel).ConfigureAwait(false);

        if (text.Length > shared.Limits.Text)
        {
            await refuser.SessionAsync(channel, debt, $"sallyport: refused: a command of more than {shared.Limits.Text} bytes", cancel).ConfigureAwait(false);
            return;
        }

        Verdict verdict = shared.Context.Judge(View(run.Type, text), out bool mustWait);
        ISshStreamFilter? filter = verdict.Kind == VerdictKind.Deny ? null : Filter(channel, run.Type, text, verdict.MaxBytes);
        if (mustWait)
            await shared.Context.ReadyAsync(cancel).ConfigureAwait(false);
        switch (verdict.Kind)
        {
            case VerdictKind.Allow:
                await RunAsync(run, text, filter, debt, cancel).ConfigureAwait(false);
                break;
            case VerdictKind.Hold:
                Hold(run with { Message = run.Message.ToArray() }, text, filter, verdict, debt, cancel);
                break;
            default:
                await refuser.SessionAsync(channel, debt, SshRefusal.FromVerdict(verdict, NotDone(run.Type)), cancel).ConfigureAwait(false);
                break;
        }
    }

    /// <summary>shell has nothing, exec a string command, subsystem a string name.</summary>
    private static bool TryReadText(SshRequest request, out byte[] text)
    {
        text = [];
        var reader = new SshReader(request.Rest.Span);
        if (request.Type != "shell")
            text = reader.ReadString().ToArray();
        return reader.AtEnd;
    }

    /// <summary>Names of subsystems are text without control characters: some servers read <c>sftp NUL x</c> as <c>sftp</c>, whose files would not be looked at here.</summary>
    public static bool IsSubsystemName(ReadOnlySpan<byte> rest)
    {
        var reader = new SshReader(rest);
        string name = reader.ReadText(SshNames.LongestHost);
        return reader.AtEnd && name.Length > 0 && !name.Any(char.IsControl);
    }

    /// <summary>A certificate's force-command takes the place of whatever was asked for (PROTOCOL.certkeys).</summary>
    private SshRequest Forced(SshRequest request, ref byte[] text)
    {
        if (shared.Restrictions.ForceCommand is not { } command)
            return request;
        text = Encoding.UTF8.GetBytes(command);
        byte[] message = new SshWriter().Begin(SshMessageNumber.ChannelRequest).UInt32(request.Channel.Number).String("exec").Boolean(request.WantReply).String(text).ToArray();
        return request with { Message = message, Type = "exec" };
    }

    private ActionView View(string type, byte[] text)
    {
        if (type == "shell")
            return actions.One(ActionKind.Command, Verb.Shell, default);
        if (type == "subsystem")
            return actions.One(ActionKind.Command, Verb.Subsystem, text);
        _scanner.Scan(text);
        return _scanner.View(text);
    }

    /// <summary>What reads a protocol of files; null: it is none. The client's loop alone, whose scanner it uses.</summary>
    private ISshStreamFilter? Filter(SshChannel channel, string type, byte[] text, long maxBytes)
    {
        if (type == "exec")
            _scanner.Scan(text);
        bool isSftp = type == "subsystem" ? text.AsSpan().SequenceEqual("sftp"u8) : type == "exec" && _scanner.Verb == Verb.Subsystem;
        if (isSftp)
            return new SftpChannel(shared.Context, shared.Time, (int)channel.Number);
        if (type != "exec" || _scanner.Transfer is not { } transfer)
            return null;
        var paths = new List<string>();
        foreach (ref readonly ObjectRef effect in _scanner.Objects)
        {
            if (effect.Verb is Verb.FileRead or Verb.FileWrite)
                paths.Add(Encoding.UTF8.GetString(_scanner.Names.Slice(effect.Start, effect.Length)));
        }

        return transfer.Kind == FileTransferKind.Scp
            ? new ScpObserver(shared.Context, shared.Time, (int)channel.Number, paths[0], transfer.Uploads, transfer.IntoDirectory)
            : new TransferObserver(shared.Context, shared.Time, (int)channel.Number, transfer, paths, maxBytes);
    }

    private static string NotDone(string type) => type switch
    {
        "shell" => "no shell was started",
        "subsystem" => "the subsystem was not started",
        _ => "the command was not run",
    };

    private void Hold(SshRequest run, byte[] text, ISshStreamFilter? filter, Verdict verdict, SshDebt? debt, CancellationToken cancel)
    {
        SshChannel channel = run.Channel;
        HeldAction held = SshActions.Held(
            View(run.Type, text), shared.Context.Facts, shared.Context.HoldingRules(View(run.Type, text)), System.Runtime.InteropServices.CollectionsMarshal.AsSpan(channel.Environment));
        holds.Begin(
            verdict,
            held,
            async (notice, withdrawn) =>
            {
                if (!channel.Say.Say(SshRefusal.Lines(SshRefusal.Waits(notice), channel.HasPty), isError: true))
                    await shared.Context.ReadyAsync(withdrawn).ConfigureAwait(false);
                await shared.Transport(SshSide.Client).FlushAsync(withdrawn).ConfigureAwait(false);
            },
            async outcome =>
            {
                if (!outcome.Approved)
                {
                    channel.Waiting = null;
                    await refuser.SessionAsync(channel, debt, SshRefusal.FromOutcome(verdict, outcome, NotDone(run.Type)), cancel).ConfigureAwait(false);
                    return;
                }

                refuser.KeepApproval(channel, outcome);
                await RunAsync(run, text, filter, debt, cancel).ConfigureAwait(false);
                if (channel.TryResume())
                    return;
                await relay.PassAsync(channel, new SshWriter().Begin(SshMessageNumber.ChannelEof).UInt32(channel.Number).ToArray(), cancel).ConfigureAwait(false);
                channel.Waiting = null;
            },
            wait =>
            {
                wait.Unwatched = text => channel.Say.Say(SshRefusal.Lines(text, channel.HasPty), isError: true);
                channel.Waiting = wait;
            });
    }

    /// <summary>The target runs it, and the client may send it what it likes.</summary>
    private async ValueTask RunAsync(SshRequest run, byte[] text, ISshStreamFilter? filter, SshDebt? debt, CancellationToken cancel)
    {
        SshChannel channel = run.Channel;
        channel.IsStarted = true;
        if (!channel.SayNoPty())
            await shared.Context.ReadyAsync(cancel).ConfigureAwait(false);
        channel.About = run.Type == "shell" ? "shell" : Encoding.UTF8.GetString(text);
        if (filter is not null)
            channel.Files = new SshFiles(shared, channel, filter, holds, refuser, framed: filter is SftpChannel);
        if (channel.Files is null && shared.Context.Masks is { } masks && masks.OpenStream() is { } mask)
        {
            channel.OutputMask = mask;
            channel.ErrorMask = masks.OpenStream();
        }

        if (debt is not null)
            channel.OwedToClient.Resolve(debt, SshReply.Theirs);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(run.Message.Span[1..], channel.PeerNumber(SshSide.Target));
        await shared.SendAsync(SshSide.Target, run.Message, cancel).ConfigureAwait(false);

        uint toClient;
        uint toTarget;
        lock (channel.Lock)
        {
            toClient = channel.Files is null ? channel.ToTarget.Reserve(0) : channel.ToTarget.ReserveShare(FilterReserve);
            toTarget = channel.ToClient.Reserve(Math.Min(SayReserve, channel.ToClient.Spare));
        }

        shared.Adjust(channel, SshSide.Client, toClient);
        shared.Adjust(channel, SshSide.Target, toTarget);
        if (channel.Adoption is { } adoption)
        {
            adoption.IsRunning = true;
            shared.Settle(channel);
        }
    }
}
