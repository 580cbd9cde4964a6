namespace Sallyport.Protocols.Ssh.Channels;

/// <summary>
/// A channel that the client has from before the session (a menu's): its window was granted before there was a target. What it sends is kept until its shell
/// has been let through and the target has room for all that the client may send.
/// </summary>
/// <param name="granted">What the client may still send, bytes: the bound of what is kept.</param>
internal sealed class SshAdopted(int granted)
{
    private readonly List<byte[]> _kept = [];
    private bool _hasEof;
    private bool _isSettled;

    public int Granted => granted;

    /// <summary>Completes with the target's answer: true when it has opened the channel.</summary>
    public TaskCompletionSource<bool> Answered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What the channel runs has been sent to the target.</summary>
    public bool IsRunning { get; set; }

    /// <summary>Keeps a message as the target is to get it. False: there is no need to. Caller holds the channel's lock.</summary>
    public bool TryKeep(ReadOnlySpan<byte> message)
    {
        if (_isSettled)
            return false;
        _kept.Add(message.ToArray());
        return true;
    }

    /// <summary>Keeps an EOF, which is the last message. Caller holds the channel's lock.</summary>
    public bool TryKeepEof() => !_isSettled && (_hasEof = true);

    /// <summary>Gives what was kept, once, when it can go. Caller holds the channel's lock.</summary>
    /// <param name="window">Towards the target.</param>
    public IReadOnlyList<byte[]> Settle(in SshWindow window, byte[] eof)
    {
        if (_isSettled || !IsRunning || window.Room < window.Granted)
            return [];
        _isSettled = true;
        if (_hasEof)
            _kept.Add(eof);
        return _kept;
    }
}
