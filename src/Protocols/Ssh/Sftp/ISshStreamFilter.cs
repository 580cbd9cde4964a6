using System.Buffers;
using Sallyport.Contract;

namespace Sallyport.Protocols.Ssh.Sftp;

/// <summary>How a piece of a stream came out.</summary>
internal enum SshFilterOutcome : byte
{
    /// <summary>All of it was taken.</summary>
    Done,

    /// <summary>An action in it waits for a person: <see cref="ISshStreamFilter.Pending"/>. What follows it is kept until <see cref="ISshStreamFilter.Resolve"/>.</summary>
    Hold,

    /// <summary>The channel must end: one side broke the protocol, or what cannot be refused in it was refused.</summary>
    End,
}

/// <summary>What goes on after a piece of a stream.</summary>
/// <param name="MustWait">The recording is behind: await <see cref="SessionContext.ReadyAsync"/> before anything of it is sent.</param>
/// <param name="Reason">Why the channel ends, for the operator.</param>
internal readonly record struct SshFilterStep(SshFilterOutcome Outcome, bool MustWait = false, string? Reason = null);

/// <summary>An action that waits, as <see cref="SessionContext.HoldAsync"/> takes it.</summary>
internal sealed record SshPendingAction(Verdict Verdict, HeldAction Action);

/// <summary>
/// Reads what a channel carries of files, judges it and writes its manifest. The client's side is called by the request loop only, the target's by
/// the reply loop only; both may run at the same time.
/// </summary>
internal interface ISshStreamFilter
{
    /// <summary>What waits after <see cref="SshFilterOutcome.Hold"/>; null otherwise.</summary>
    SshPendingAction? Pending { get; }

    /// <summary>Takes data of the client, in pieces of any size.</summary>
    /// <param name="toTarget">Gets what goes to the target instead of the data; nothing when <paramref name="unchanged"/>.</param>
    /// <param name="toClient">Gets answers to what was refused.</param>
    /// <param name="unchanged">True: the data goes on as it is.</param>
    SshFilterStep FromClient(ReadOnlySpan<byte> data, IBufferWriter<byte> toTarget, IBufferWriter<byte> toClient, out bool unchanged);

    /// <summary>Goes on after <see cref="SshFilterOutcome.Hold"/>, with the action and with what followed it.</summary>
    SshFilterStep Resolve(HoldOutcome outcome, IBufferWriter<byte> toTarget, IBufferWriter<byte> toClient);

    /// <summary>Takes data of the target, in pieces of any size.</summary>
    /// <param name="toClient">Gets what goes to the client instead of the data; nothing when <paramref name="unchanged"/>.</param>
    SshFilterStep FromTarget(ReadOnlySpan<byte> data, IBufferWriter<byte> toClient, out bool unchanged);

    /// <summary>The channel is over: what was not finished is written down as partial. Any thread, once both loops are done with it.</summary>
    void Finish();
}
