using System.Globalization;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Exchanges;
using Sallyport.Protocols.Http2.Kubernetes.TarManifest;

namespace Sallyport.Protocols.Http2.Kubernetes.Tunnels;

/// <summary>
/// What is written down of a tunnel: the channels of a command as the client was shown them, the files of an archive instead of its bytes, and of forwarded ports where
/// they led and how much passed.
/// </summary>
/// <remarks>
/// What is typed at a terminal is not kept: what may be seen comes back in what is shown, and what does not come back is a password. Without a terminal the input is
/// data, and kept.
/// </remarks>
internal sealed class TunnelRecord : IDisposable
{
    private readonly SessionContext _context;
    private readonly HttpTape _tape;
    private readonly uint _exchange;
    private readonly bool _isTerminal;
    private readonly TarCommand? _tar;
    private readonly TarReader? _files;
    private bool _mustWait;

    public TunnelRecord(SessionContext context, HttpTape tape, uint exchange, KubeStreamRequest request)
    {
        (_context, _tape, _exchange, _isTerminal) = (context, tape, exchange, request.IsTerminal);
        if (request.Kind != KubeStreams.Exec || request.IsTerminal || TarCommand.Of(request.Command) is not { } tar)
            return;
        _tar = tar;
        _files = new TarReader(Found, static () => Environment.TickCount64);
    }

    /// <summary>The output is an archive: no text that masks are for.</summary>
    public bool OutputIsArchive => _tar is { IsUpload: false };

    /// <summary>Whether the recording has to catch up with what was written since the last call.</summary>
    public bool TakeMustWait()
    {
        bool mustWait = _mustWait;
        _mustWait = false;
        return mustWait;
    }

    /// <param name="channel">As <see cref="WebSockets.KubeChannel"/> numbers them.</param>
    public void Command(bool fromClient, byte channel, ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty || (_isTerminal && fromClient && channel == 0))
            return;
        if (_files is { IsBroken: false } && channel == (_tar!.IsUpload ? 0 : 1))
        {
            // What turns out to be no archive is kept as what it is.
            bytes = bytes[_files.Take(bytes)..];
            if (_files.IsBroken)
                _context.Event("file-manifest-ended", Exchange);
            if (bytes.IsEmpty)
                return;
        }

        _mustWait |= !_tape.Tunnel(fromClient ? Direction.FromClient : Direction.ToClient, _exchange, channel, bytes);
    }

    /// <summary>A connection through a forwarded port is over.</summary>
    public void Forwarded(string destination, long toTarget, long toClient, long began) =>
        _mustWait |= !_context.Event("forward", TunnelEvents.Forward(_exchange, destination, toTarget, toClient, Environment.TickCount64 - began));

    /// <summary>The verdict on a port, and whether it may be acted on only once it is recorded.</summary>
    public void Judged(bool mustWait) => _mustWait |= mustWait;

    /// <summary>One side has said what is not legal.</summary>
    public void Violation(string words) => _context.Event("tunnel-violation", $"{Exchange} {words}");

    /// <summary>The tunnel is over.</summary>
    public void Dispose() => _files?.End();

    private string Exchange => _exchange.ToString(CultureInfo.InvariantCulture);

    private void Found(TarFile file) => _mustWait |= !_context.Event(
        "file", TunnelEvents.File(_exchange, _tar!.PathOf(file.Path), _tar.IsUpload, file, Environment.TickCount64 - file.Began));
}
