using Sallyport.Protocols.Ssh.Transport;

namespace Sallyport.Protocols.Ssh.Tests.Doubles;

/// <summary>Traffic between two transports, checked byte by byte.</summary>
internal static class Speech
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Messages of up to <paramref name="largest"/> bytes, the same number both ways at once.</summary>
    public static Task BothWaysAsync(TransportPair pair, int count, int largest, byte number = SshMessageNumber.ChannelData) => Task.WhenAll(
        WriteAsync(pair.Client, count, largest, number),
        WriteAsync(pair.Server, count, largest, number),
        ReadAsync(pair.Client, count, largest, number),
        ReadAsync(pair.Server, count, largest, number)).WaitAsync(Patience);

    public static async Task SendAsync(SshTransport from, SshTransport to, byte[] message)
    {
        Task write = from.WriteAsync(message, default).AsTask();
        Memory<byte> read = await to.ReadAsync(default).AsTask().WaitAsync(Patience);
        Assert.Equal(message, read.ToArray());
        await write;
    }

    /// <summary>Several messages are written before each flush, so that several come at once.</summary>
    public static async Task WriteAsync(SshTransport transport, int count, int largest, byte number)
    {
        for (int i = 0; i < count; i++)
        {
            byte[] message = Message(i, largest, number);
            while (!transport.TryWrite(message.AsSpan(0, 1), message.AsSpan(1)))
                await transport.WritableAsync(default);
            if (i % 3 == 2)
                await transport.FlushAsync(default);
        }

        await transport.FlushAsync(default);
    }

    public static async Task ReadAsync(SshTransport transport, int count, int largest, byte number)
    {
        for (int i = 0; i < count; i++)
        {
            if (!transport.TryRead(out Memory<byte> read))
                read = await transport.ReadAsync(default);
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
