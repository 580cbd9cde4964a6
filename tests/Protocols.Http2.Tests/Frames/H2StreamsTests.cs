using Sallyport.Protocols.Http2.Frames;
using Xunit;

namespace Sallyport.Protocols.Http2.Tests.Frames;

/// <summary>RFC 9113 5.1, every state with every event, for both roles. A cell is what comes of it, and the state behind it where that changes.</summary>
public sealed class H2StreamsTests
{
    // Columns: send HEADERS, HEADERS+END, DATA, DATA+END, RST, WINDOW_UPDATE; receive the same, and PRIORITY.
    private const string Server =
        """
        Idle             - - - - - -             Open HalfClosedRemote CP CP CP CP I
        Open             go HalfClosedLocal go HalfClosedLocal ResetByUs go    SP HalfClosedRemote go HalfClosedRemote ResetByPeer go I
        HalfClosedLocal  - - - - ResetByUs go    SP Closed go Closed ResetByPeer go I
        HalfClosedRemote go Closed go Closed ResetByUs go    SC SC SC SC ResetByPeer go I
        Closed           - - - - go -            CC CC CC CC I I I
        ResetByPeer      - - - - - -             SC SC SC SC I I I
        ResetByUs        - - - - go -            I I I I I I I
        """;

    private const string Client =
        """
        Idle             Open HalfClosedLocal - - - -      CP CP CP CP CP CP I
        Open             go HalfClosedLocal go HalfClosedLocal ResetByUs go    go HalfClosedRemote go HalfClosedRemote ResetByPeer go I
        HalfClosedLocal  - - - - ResetByUs go    go Closed go Closed ResetByPeer go I
        HalfClosedRemote go Closed go Closed ResetByUs go    SC SC SC SC ResetByPeer go I
        Closed           - - - - go -            CC CC CC CC I I I
        ResetByPeer      - - - - - -             SC SC SC SC I I I
        ResetByUs        - - - - go -            I I I I I I I
        """;

    [Theory]
    [InlineData(true, Server)]
    [InlineData(false, Client)]
    public void Section_5_1_every_state_and_event(bool weAreServer, string table)
    {
        int cells = 0;
        foreach (string[] row in table.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(r => r.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)))
        {
            H2StreamState state = Enum.Parse<H2StreamState>(row[0]);
            foreach (H2StreamEvent happens in Enum.GetValues<H2StreamEvent>())
            {
                string cell = row[1 + (int)happens];
                H2Step step = H2Streams.TryAdvance(weAreServer, state, happens, out H2StreamState next);
                (H2Step, H2StreamState) expected = cell switch
                {
                    "-" => (H2Step.Forbidden, state),
                    "go" => (H2Step.Go, state),
                    "I" => (H2Step.Ignore, state),
                    "CP" => (H2Step.ConnectionProtocolError, state),
                    "CC" => (H2Step.ConnectionClosed, state),
                    "SP" => (H2Step.StreamProtocolError, state),
                    "SC" => (H2Step.StreamClosed, state),
                    _ => (H2Step.Go, Enum.Parse<H2StreamState>(cell)),
                };
                Assert.True(expected == (step, next), $"{state}, {happens}: {step}, {next}");
                cells++;
            }
        }

        Assert.Equal(Enum.GetValues<H2StreamState>().Length * Enum.GetValues<H2StreamEvent>().Length, cells);
    }
}
