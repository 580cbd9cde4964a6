using System.Buffers;
using Sallyport.Contract;

namespace Sallyport.Protocols.Http2.Connections;

/// <summary>Whose output it is: asked for more whenever there is room.</summary>
internal interface IHttpOutputOwner
{
    /// <summary>Writes what waits for room. The gate is held.</summary>
    void Fill();

    /// <summary>Says to the other ends what <see cref="Fill"/> took from them. The gate is not held.</summary>
    void Filled();

    /// <summary>The peer is gone. Called once, on any thread; the gate is not held.</summary>
    void OnLost(Exception why);
}

/// <summary>
/// What is to be sent to one peer. Any thread writes into it under <see cref="Gate"/>; one at a time sends, and takes with it whatever was written meanwhile, so
/// nobody ever waits for a peer but that peer's own bytes.
/// <para>
/// Locks: whoever holds a gate takes no other lock. <see cref="IHttpOutputOwner.Filled"/> and <see cref="IHttpOutputOwner.OnLost"/> are therefore called without it.
/// </para>
/// <para>
/// Bounds: streams write data only while <see cref="HasRoom"/>; heads are bounded by the number of streams, and answers to a peer's control frames by what
/// their connection allows to be unread.
/// </para>
/// </summary>
internal sealed class HttpOutput(IDuplex duplex, int room) : IBufferWriter<byte>, IThreadPoolWorkItem
{
    private const int Smallest = 4096;

    private byte[] _filling = [];
    private byte[] _spare = [];
    private bool _isSending;
    private int _blocks;
    private bool _isClosing;
    private bool _isLost;
    private TaskCompletionSource? _drained;

    public Lock Gate { get; } = new();

    public required IHttpOutputOwner Owner { get; init; }

    /// <summary>Bytes that nobody has begun to send. Under the gate.</summary>
    public int Length { get; private set; }

    /// <summary>How often what was there was taken to be sent. Under the gate.</summary>
    public int Turns { get; private set; }

    /// <summary>False: streams have to wait. Under the gate.</summary>
    public bool HasRoom => Length < room;

    /// <summary>True: nothing more will be sent. Under the gate.</summary>
    public bool IsOver => _isLost || _isClosing;

    /// <summary>Room for <paramref name="count"/> bytes behind what is there. Under the gate.</summary>
    public Span<byte> Reserve(int count)
    {
        if (_filling.Length - Length < count)
            Grow(count);
        return _filling.AsSpan(Length);
    }

    /// <summary>Takes up what was written into <see cref="Reserve"/>. Under the gate.</summary>
    public void Advance(int count) => Length += count;

    Span<byte> IBufferWriter<byte>.GetSpan(int sizeHint) => Reserve(Math.Max(sizeHint, 1));

    Memory<byte> IBufferWriter<byte>.GetMemory(int sizeHint)
    {
        Reserve(Math.Max(sizeHint, 1));
        return _filling.AsMemory(Length);
    }

    /// <summary>Under the gate.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Reserve(bytes.Length));
        Length += bytes.Length;
    }

    /// <summary>
    /// Something was written: it goes at the end of this thread's <see cref="FlushBatch"/>, or else from another thread. Never from here: whoever writes may hold the lock
    /// of an exchange, and sending tells others that their bytes have gone.
    /// </summary>
    public void Touch()
    {
        if (!FlushBatch.TryAdd(this))
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    void IThreadPoolWorkItem.Execute() => Flush();

    /// <summary>Sends what is there, unless somebody does. No lock is held.</summary>
    public void Flush()
    {
        lock (Gate)
        {
            if (_isSending || _blocks > 0 || _isLost)
                return;
            _isSending = true;
        }

        // It catches all that a send can throw, and says so to the owner.
        _ = SendAsync();
    }

    /// <summary>Nothing is sent until <see cref="Unblock"/>: what was written is not recorded yet. Under the gate.</summary>
    public void Block() => _blocks++;

    public void Unblock()
    {
        lock (Gate)
            _blocks--;
        Flush();
    }

    /// <summary>Ends the output behind what was written so far. Nothing more may be written.</summary>
    /// <returns>Completes once all was sent, or can no longer be.</returns>
    public Task CloseAsync()
    {
        Task drained;
        lock (Gate)
        {
            _isClosing = true;
            if (_isLost)
                return Task.CompletedTask;
            _drained ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            drained = _drained.Task;
        }

        Flush();
        return drained;
    }

    /// <summary>Nothing more goes out; buffers are given back.</summary>
    public void Drop()
    {
        lock (Gate)
        {
            _isLost = true;
            Length = 0;
            if (!_isSending)
                Release();
            _drained?.TrySetResult();
        }
    }

    private async Task SendAsync()
    {
        try
        {
            while (true)
            {
                byte[] sending;
                int length;
                lock (Gate)
                {
                    if (_blocks == 0 && !_isLost)
                        Owner.Fill();
                    if (Length == 0 || _blocks > 0 || _isLost)
                    {
                        _isSending = false;
                        if (Length == 0)
                            Release();
                        if (Length == 0 && _isClosing && !_isLost)
                        {
                            duplex.CloseOutput();
                            _drained?.TrySetResult();
                        }

                        return;
                    }

                    sending = _filling;
                    length = Length;
                    _filling = _spare;
                    _spare = [];
                    Length = 0;
                    Turns++;
                }

                Owner.Filled();
                try
                {
                    await duplex.SendAsync(sending.AsMemory(0, length)).ConfigureAwait(false);
                }
                finally
                {
                    GiveBack(sending);
                }
            }
        }
        catch (Exception e)
        {
            // The peer is gone, or there is a bug: either way this connection is over, and its owner says which it was.
            lock (Gate)
            {
                _isSending = false;
            }

            Drop();
            Owner.OnLost(e);
        }
    }

    private void GiveBack(byte[] sent)
    {
        lock (Gate)
        {
            if (_spare.Length == 0 && !_isLost)
                _spare = sent;
            else
                ArrayPool<byte>.Shared.Return(sent);
        }
    }

    /// <summary>A silent connection holds no buffer.</summary>
    private void Release()
    {
        Return(ref _filling);
        Return(ref _spare);
    }

    private static void Return(ref byte[] buffer)
    {
        if (buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(buffer);
        buffer = [];
    }

    private void Grow(int count)
    {
        byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(Math.Max(Smallest, _filling.Length * 2), Length + count));
        _filling.AsSpan(0, Length).CopyTo(larger);
        Return(ref _filling);
        _filling = larger;
    }
}
