using Sallyport.Policy;
using Sallyport.Protocols.Ssh;

namespace Sallyport.Wire.Tests.Ssh;

/// <summary>Detectors find what policy masks across the borders of packets and channels' messages, through escape sequences, and in each stream for itself.</summary>
public sealed class StreamMaskTests
{
    private const string Policy = """
        policy: masked
        rules:
          - {id: all, effect: allow, verbs: [all]}
        mask:
          - {id: mail, detect: [email], with: email}
          - {id: cards, detect: [credit-card], with: last4}
        """;

    private const string Mail = "canary.person@example.com";

    [Theory, Chunkings]
    public async Task A_finding_in_pieces_is_masked_for_the_client_and_in_the_recording(Chunking chunking)
    {
        await using SshRig rig = Masking(chunking);
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await SshRig.RunAsync(client, target, 0);
        for (int size = 1; size <= Mail.Length; size += 5)
            await target.SendAsync([.. Pieces($"a {Mail} b\r\n", size).Select(piece => SshMsg.Data(0, piece))]);
        await target.SendAsync([.. Pieces("card 4111 1111 1111 1111.\r\n", 4).Select(piece => SshMsg.Data(0, piece))]);
        await target.SendAsync(SshMsg.Eof(0));

        string shown = (await ShownAsync(client)).Output;
        Assert.Equal(string.Concat(Enumerable.Repeat("a c***@example.com b\r\n", 5)) + "card ***************1111.\r\n", shown);
        Assert.Equal(shown, SshRecorded.Data(rig.Recorder.Only, Direction.ToClient, 0));
        Assert.DoesNotContain("canary", SshRecorded.All(rig.Recorder.Only), StringComparison.Ordinal);
    }

    [Theory, Chunkings]
    public async Task Escape_sequences_between_its_characters_do_not_hide_a_finding(Chunking chunking)
    {
        await using SshRig rig = Masking(chunking);
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await SshRig.RunAsync(client, target, 0);
        const string Coloured = "\u001b[31mcan\u001b[0mary.per\u001b]0;title\u0007son@\u001b[1mexample.com\u001b[0m end\r\n";
        foreach (int size in new[] { 1, 6, 100 })
            await target.SendAsync([.. Pieces(Coloured, size).Select(piece => SshMsg.Data(0, piece))]);
        await target.SendAsync(SshMsg.Eof(0));

        string shown = (await ShownAsync(client)).Output;
        Assert.Equal(3, shown.Split("c***@example.com").Length - 1);
        Assert.DoesNotContain("son@", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("ary.per", shown, StringComparison.Ordinal);
        Assert.Equal(shown, SshRecorded.Data(rig.Recorder.Only, Direction.ToClient, 0));
    }

    /// <summary>Two halves in two streams are no finding; a whole one in either is, whatever comes between its pieces in the other.</summary>
    [Theory, Chunkings]
    public async Task Output_and_errors_are_masked_apart(Chunking chunking)
    {
        await using SshRig rig = Masking(chunking);
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await SshRig.RunAsync(client, target, 0);
        string[] output = Pieces($"out {Mail} half.of@\n", 5), error = Pieces($"err {Mail} example.com\n", 5);
        for (int i = 0; i < Math.Max(output.Length, error.Length); i++)
        {
            if (i < output.Length)
                await target.SendAsync(SshMsg.Data(0, output[i]));
            if (i < error.Length)
                await target.SendAsync(SshMsg.Error(0, error[i]));
        }

        await target.SendAsync(SshMsg.Eof(0));
        Assert.Equal(("out c***@example.com half.of@\n", "err c***@example.com example.com\n"), await ShownAsync(client));
        Assert.DoesNotContain("canary", SshRecorded.All(rig.Recorder.Only), StringComparison.Ordinal);
    }

    private static SshRig Masking(Chunking chunking)
    {
        PolicyStore store = Doors.Policies(Policy);
        var rig = new SshRig(chunking);
        rig.Policy.MasksOf = facts => store.Open(facts).Masks;
        return rig;
    }

    private static string[] Pieces(string text, int size) => [.. text.Chunk(size).Select(piece => new string(piece))];

    /// <summary>What the client is shown up to EOF.</summary>
    private static async Task<(string Output, string Error)> ShownAsync(SshPeer client)
    {
        string output = "", error = "";
        while (true)
        {
            byte[] message = await client.NextAsync();
            switch (message[0])
            {
                case SshMessageNumber.ChannelData:
                    output += System.Text.Encoding.UTF8.GetString(message.AsSpan(9));
                    break;
                case SshMessageNumber.ChannelExtendedData:
                    error += System.Text.Encoding.UTF8.GetString(message.AsSpan(13));
                    break;
                case SshMessageNumber.ChannelEof:
                    return (output, error);
            }
        }
    }
}
