using System.Runtime.InteropServices;
using System.Threading.Channels;

namespace Sallyport.Proxy.Lifecycle;

/// <summary>What a signal asks for.</summary>
internal enum DaemonSignal
{
    Reload,
    Stop,
}

/// <summary>SIGHUP, SIGTERM and SIGINT as a queue that the main loop reads: nothing is done in a signal's own thread.</summary>
internal sealed class Signals : IDisposable
{
    /// <summary>Bounded, and never full of anything but what matters: at most one reload is in it, the rest are stops, and two of them are as good as ten.</summary>
    private readonly Channel<DaemonSignal> _queue =
        Channel.CreateBounded<DaemonSignal>(new BoundedChannelOptions(4) { FullMode = BoundedChannelFullMode.DropWrite });

    private readonly PosixSignalRegistration[] _registrations;
    private int _reloadsQueued;

    public Signals()
    {
        _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnSignal),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal),
            PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal),
        ];
    }

    /// <summary>The next signal.</summary>
    public async ValueTask<DaemonSignal> NextAsync(CancellationToken cancel = default)
    {
        DaemonSignal signal = await _queue.Reader.ReadAsync(cancel).ConfigureAwait(false);
        if (signal == DaemonSignal.Reload)
            Volatile.Write(ref _reloadsQueued, 0);
        return signal;
    }

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
            registration.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        // Without this the runtime would end the process.
        context.Cancel = true;
        if (context.Signal != PosixSignal.SIGHUP)
            _queue.Writer.TryWrite(DaemonSignal.Stop);
        else if (Interlocked.Exchange(ref _reloadsQueued, 1) == 0)
            _queue.Writer.TryWrite(DaemonSignal.Reload);
    }
}
