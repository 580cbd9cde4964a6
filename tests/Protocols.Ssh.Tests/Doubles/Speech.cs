using Sallyport.Protocols.Ssh.Transport;

namespace Sallyport.Protocols.Ssh.Tests.Doubles;

/// <summary>Traffic between two transports, checked byte by byte.</summary>
internal static class Speech
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Messages of up to <paramref name="largest"/> bytes, the same number both ways at once.</summary>
    public static async Task BothWaysAsync(TransportPair pair, int count, int largest, byte number = SshMessageNumber.ChannelData)
    {
        using var done = new CancellationTokenSource(Patience);
        var clientGot = new TaskCompletionSource();
        var serverGot = new TaskCompletionSource();
        Task client = ReadAsync(pair.Client, count, largest, number, clientGot, done.Token);
        Task server = ReadAsync(pair.Server, count, largest, number, serverGot, done.Token);
        Task all = Task.WhenAll(
            WriteAsync(pair.Client, count, largest, number, done.Token), WriteAsync(pair.Server, count, largest, number, done.Token), clientGot.Task, serverGot.Task);
        await await Task.WhenAny(all, client, server);
        await done.CancelAsync();
        await Task.WhenAll(client, server);
    }

    public static async Task SendAsync(SshTransport from, SshTransport to, byte[] message)
    {
        Task write = from.WriteAsync(message, default).AsTask();
        Memory<byte> read = await to.ReadAsync(default).AsTask().WaitAsync(Patience);
        Assert.Equal(message, read.ToArray());
        await write;
    }

    /// <summary>Several messages are written before each flush, so that several come at once.</summary>
    public static async Task WriteAsync(SshTransport transport, int count, int largest, byte number, CancellationToken cancel)
    {
        for (int i = 0; i < count; i++)
        {
            byte[] message = Message(i, largest, number);
            while (!transport.TryWrite(message.AsSpan(0, 1), message.AsSpan(1)))
                await transport.WritableAsync(cancel);
            if (i % 3 == 2)
                await transport.FlushAsync(cancel);
        }

        await transport.FlushAsync(cancel);
    }

    /// <summary>Reads on behind the last message, for key exchanges, until it is cancelled.</summary>
    public static async Task ReadAsync(SshTransport transport, int count, int largest, byte number, TaskCompletionSource got, CancellationToken cancel)
    {
        for (int i = 0; true; i++)
        {
            if (i == count)
                got.SetResult();
            if (!transport.TryRead(out Memory<byte> read))
            {
                try
                {
                    read = await transport.ReadAsync(cancel);
                }
                catch (OperationCanceledException) when (i == count)
                {
                    return;
                }
            }

            Assert.True(Message(i, largest, number).AsSpan().SequenceEqual(read.Span), $"message {i} of {read.Length} bytes");
        }
    }

    private static byte[] Message(int index, int largest, byte number)
    {
        var random = new Random(index);
        byte[] message = new byte[1 + random.Next(largest)];
        random.NextBytes(message.AsSpan(0, message.Length / 2));
        message[0] = number;
        return message;
    }
}
