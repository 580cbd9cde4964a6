using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Sallyport.Contract;

namespace Sallyport.Protocols.Ssh.Transport;

/// <summary>
/// Packets of one direction, encrypted into a buffer that is sent while the next one fills. Any thread.
/// </summary>
/// <remarks>
/// One lock guards everything but the send itself. One flush sends at a time and goes on until nothing is left; others wait for it, so that what each
/// has written is sent when its flush ends. A failed send ends the direction for everyone: half a packet may have left.
/// </remarks>
internal sealed class SshSender(IDuplex duplex, int capacity, SshFaults faults) : IDisposable
{
    /// <summary>Answers that wait for room or for the end of a key exchange, bytes; a peer that makes us owe more and takes nothing is hostile.</summary>
    private const int MostAnswers = 1 << 20;

    private const int FirstBuffer = 16 << 10;

    private readonly Lock _gate = new();
    private readonly SshSendBuffer _buffer = new(capacity, FirstBuffer);
    private readonly Queue<byte[]> _deferred = new();
    private SshCipher _cipher = new SshNoCipher();
    private SshDeflater? _deflater;
    private bool _compresses;
    private int _deferredBytes;
    private uint _sequence;
    private long _packets;
    private long _bytes;
    private bool _barred = true;
    private bool _sending;
    private Exception? _failure;
    private Exception? _closed;
    private TaskCompletionSource? _idle;
    private TaskCompletionSource? _writable;

    /// <summary>Packets and bytes under the present keys. Read without the lock: they say when to exchange keys, a packet early or late.</summary>
    public long Packets => Volatile.Read(ref _packets);

    public long Bytes => Volatile.Read(ref _bytes);

    public long BytesPerKey => _cipher.BytesPerKey;

    /// <summary>A send has failed.</summary>
    public bool HasFailed => Volatile.Read(ref _failure) is not null;

    /// <summary>Encrypts a message; false: a key exchange bars it, or the buffer is full.</summary>
    public bool TryWrite(ReadOnlySpan<byte> head, ReadOnlySpan<byte> body)
    {
        lock (_gate)
        {
            ThrowIfClosed();
            return !_barred && TryAppend(head, body);
        }
    }

    /// <summary>A message that is part of the transport's own conversation: not barred. There is always room: it is bounded, and the buffer grows for it.</summary>
    public void Write(ReadOnlySpan<byte> payload)
    {
        lock (_gate)
        {
            ThrowIfFailed();
            Append(payload, []);
        }
    }

    /// <summary>SSH_MSG_DISCONNECT, even in the middle of a key exchange; nothing may be written behind it.</summary>
    public void WriteLast(ReadOnlySpan<byte> payload)
    {
        Write(payload);
        Close(new IOException("DISCONNECT was sent."));
    }

    /// <summary>
    /// An answer to what this peer sent, for the loop that reads from it: that loop must not wait for what only it can bring about. It is written now, whatever
    /// room there is, or when the key exchange ends. False: the peer makes us owe too much.
    /// </summary>
    public bool TryAnswer(ReadOnlySpan<byte> head, ReadOnlySpan<byte> body)
    {
        lock (_gate)
        {
            ThrowIfFailed();
            int size = head.Length + body.Length;
            if (!_barred)
            {
                if (!_buffer.HasRoomBeyond(size + SshPacket.MaxOverhead, MostAnswers))
                    return false;
                Append(head, body);
                return true;
            }

            if (_deferredBytes + size > MostAnswers)
                return false;
            _deferredBytes += size;
            _deferred.Enqueue([.. head, .. body]);
            return true;
        }
    }

    /// <summary>Writes SSH_MSG_KEXINIT; nothing but the exchange's own messages goes out from here (RFC 4253 7.1).</summary>
    public void Bar(ReadOnlySpan<byte> kexInit)
    {
        lock (_gate)
        {
            ThrowIfFailed();
            Append(kexInit, []);
            _barred = true;
        }
    }

    /// <summary>Writes SSH_MSG_NEWKEYS, takes the new keys, then <paramref name="first"/> when it is not empty, and lets everyone write again.</summary>
    /// <param name="compresses">zlib@openssh.com was agreed: from here on, or from the login's end when that has not come yet.</param>
    public void NewKeys(SshCipher cipher, bool compresses, bool resetSequence, ReadOnlySpan<byte> first)
    {
        lock (_gate)
        {
            ThrowIfFailed();
            Append([SshMessageNumber.NewKeys], []);
            _cipher.Dispose();
            _cipher = cipher;
            _packets = 0;
            _bytes = 0;
            if (resetSequence)
                _sequence = 0;
            _compresses = compresses;
            Compress();
            if (!first.IsEmpty)
                Append(first, []);
            while (_deferred.TryDequeue(out byte[]? payload))
                Append(payload, []);
            _deferredBytes = 0;
            _barred = false;
            Release(ref _writable);
        }
    }

    /// <summary>The login has ended: what is written from here on is compressed, if that was agreed.</summary>
    public void Authenticated()
    {
        lock (_gate)
            Compress();
    }

    /// <summary>True while a key exchange keeps others from writing.</summary>
    public bool IsBarred
    {
        get
        {
            lock (_gate)
                return _barred;
        }
    }

    /// <summary>Waits for the end of a key exchange, or for room.</summary>
    public async ValueTask WritableAsync(CancellationToken cancel)
    {
        await FlushAsync(cancel).ConfigureAwait(false);
        Task? barred = null;
        lock (_gate)
        {
            ThrowIfClosed();
            if (_barred)
                barred = Waiter(ref _writable);
        }

        if (barred is not null)
            await barred.WaitAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>Sends what was written.</summary>
    public ValueTask FlushAsync(CancellationToken cancel)
    {
        Task? idle = null;
        ReadOnlyMemory<byte> bytes = default;
        lock (_gate)
        {
            ThrowIfFailed();
            if (_sending)
            {
                idle = Waiter(ref _idle);
            }
            else
            {
                if (_buffer.IsEmpty)
                    return default;
                _sending = true;
                bytes = _buffer.Swap();
            }
        }

        return idle is null ? SendAsync(bytes, cancel) : new ValueTask(idle.WaitAsync(cancel));
    }

    /// <summary>Ends the direction: everyone who waits or writes gets <paramref name="failure"/>. The first failure stays.</summary>
    public void Fail(Exception failure)
    {
        lock (_gate)
        {
            _failure ??= failure;
            _sending = false;
            Break(ref _idle, _failure);
            Break(ref _writable, _failure);
        }
    }

    /// <summary>Nobody may write any more but the transport itself, its last word.</summary>
    public void Close(Exception why)
    {
        lock (_gate)
        {
            _closed ??= why;
            Break(ref _writable, _closed);
        }
    }

    public void Dispose()
    {
        Fail(new ObjectDisposedException(nameof(SshTransport)));
        lock (_gate)
        {
            _cipher.Dispose();
            _deflater?.Dispose();
            _buffer.Dispose();
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        try
        {
            while (!bytes.IsEmpty)
            {
                await duplex.SendAsync(bytes, cancel).ConfigureAwait(false);
                bytes = Next();
            }
        }
        catch (Exception e)
        {
            Fail(e);
            throw;
        }
    }

    /// <summary>What was written while the last was sent; empty: nothing, and the sending has ended.</summary>
    private ReadOnlyMemory<byte> Next()
    {
        lock (_gate)
        {
            _buffer.Sent();
            if (_failure is null && !_buffer.IsEmpty)
                return _buffer.Swap();
            _sending = false;
            Release(ref _idle);
            return default;
        }
    }

    /// <summary>Begins a new stream with new keys, as OpenSSH does.</summary>
    private void Compress()
    {
        _deflater?.Dispose();
        _deflater = _compresses && faults.Authenticated ? new SshDeflater() : null;
    }

    private bool TryAppend(ReadOnlySpan<byte> head, ReadOnlySpan<byte> body)
    {
        if (!_buffer.HasRoom(head.Length + body.Length + SshPacket.MaxOverhead))
            return false;
        Append(head, body);
        return true;
    }

    private void Append(ReadOnlySpan<byte> head, ReadOnlySpan<byte> body)
    {
        if (_packets >= uint.MaxValue)
            throw faults.KeyExchange("the sequence number is used up");
        if (_deflater is not null)
        {
            head = _deflater.Deflate(head, body);
            body = default;
        }

        int payload = head.Length + body.Length;
        int padding = _cipher.Padding(payload);
        int length = 1 + payload + padding;
        Span<byte> packet = _buffer.Take(sizeof(uint) + length + _cipher.TagSize);
        BinaryPrimitives.WriteUInt32BigEndian(packet, (uint)length);
        packet[sizeof(uint)] = (byte)padding;
        head.CopyTo(packet[SshPacket.HeaderSize..]);
        body.CopyTo(packet[(SshPacket.HeaderSize + head.Length)..]);
        // RFC 4253 6 wants random padding; every cipher here is a stream under a nonce of its own, where zeros tell as little.
        packet.Slice(SshPacket.HeaderSize + payload, padding).Clear();
        _cipher.Seal(_sequence, packet);
        _sequence++;
        Volatile.Write(ref _packets, _packets + 1);
        Volatile.Write(ref _bytes, _bytes + packet.Length);
    }

    private void ThrowIfFailed()
    {
        if (_failure is not null)
            throw new IOException("The SSH connection is closed.", _failure);
    }

    private void ThrowIfClosed()
    {
        ThrowIfFailed();
        if (_closed is not null)
            throw new IOException("The SSH connection is closed.", _closed);
    }

    private static Task Waiter(ref TaskCompletionSource? source) => (source ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    private static void Release(ref TaskCompletionSource? source)
    {
        source?.TrySetResult();
        source = null;
    }

    private static void Break(ref TaskCompletionSource? source, Exception failure)
    {
        source?.TrySetException(new IOException("The SSH connection is closed.", failure));
        source = null;
    }
}
